import type { Session } from '../ssh/session.ts';
import { ReplicaError } from './errors.ts';

export interface AskLimits {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Between the sections of a machine's answer about itself. */
export const SEPARATOR = '--haup--';

/** Shell: ends a section. */
export const endSection = `echo ${SEPARATOR}`;

/** Shell: shows a file, or nothing where there is none. One that is there and cannot be read is no missing file: then nothing is known. */
export function showFile(file: string): string {
  return `{ [ ! -e ${file} ] || cat ${file} || exit 74; }`;
}

/**
 * Asks a machine about itself in one command, whose answer is read as a whole or not at all.
 * @param read null for what is no complete answer.
 * @throws SshError when it does not answer, ReplicaError when it cannot say (no processes, no systemd).
 */
export async function askInside<I>(
  session: Session,
  script: string,
  read: (answer: string) => I | null,
  { timeoutMs = 5_000, signal }: AskLimits,
): Promise<I> {
  const { stdout, stderr, code } = await session.exec(script, { what: 'look inside', timeoutMs, signal });
  const inside = code === 0 ? read(stdout) : null;
  if (inside !== null) return inside;
  throw new ReplicaError(
    `${session.what}: could not look inside: ${stderr.trim().slice(-300) || 'no answer'}`,
  );
}
