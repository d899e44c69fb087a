import type { Session } from '../../ssh/session.ts';
import { ReplicaError } from '../errors.ts';

export interface AskLimits {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Between the sections of a machine's answer about itself (scripts/sections.sh). */
export const SEPARATOR = '--haup--';

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
