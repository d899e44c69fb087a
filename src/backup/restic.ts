import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tryExec } from '../util/exec.ts';
import { writeNewFile } from '../util/files.ts';
import { hasCode } from '../util/host/os-error.ts';
import type { Variables } from '../util/variables.ts';
import { BackupError } from './errors.ts';
import type { Repository } from './repository.ts';
import { isStuck, resticError } from './restic-words.ts';

/** What opens a repository. */
export interface Access {
  readonly repository: Repository;
  readonly password: string;
  /** As the repository's kind wants them: an AWS credentials file, a Google key in JSON. Null: as the environment has them. */
  readonly credentials: string | null;
}

/**
 * Runs restic; standard output of a run that ended well. What is not given a time of its own is short.
 * @param options.patient what fails is tried again as often as restic likes, a quarter of an hour of each call; else it is given up soon.
 * @throws BackupError in restic's own words
 */
export type Restic = (
  args: readonly string[],
  options?: { readonly timeoutMs?: number; readonly patient?: boolean; readonly input?: string },
) => Promise<string>;

const ANSWER_MS = 60_000;
/** For what reads or writes a file for each of many backups, over a slow line. */
export const LISTING_MS = 30 * 60_000;
/** restic removes its lock when it is interrupted; one that stays keeps others out for half an hour. */
const END_MS = 5_000;

/** The variables by which restic finds what must be in no argument: each holds a file's path. */
export function resticEnvironment(
  { kind }: Repository,
  pathOf: (file: string) => string,
  credentials: boolean,
): Record<string, string> {
  return {
    RESTIC_REPOSITORY_FILE: pathOf('repository'),
    RESTIC_PASSWORD_FILE: pathOf('password'),
    ...(credentials && kind === 's3' ? { AWS_SHARED_CREDENTIALS_FILE: pathOf('credentials') } : {}),
    ...(credentials && kind === 'gs' ? { GOOGLE_APPLICATION_CREDENTIALS: pathOf('credentials') } : {}),
  };
}

/** Does work with restic of this machine, whose secrets are in files of ours for as long as that takes. */
export async function withRestic<T>(
  access: Access,
  { environment, signal }: { readonly environment: Variables; readonly signal: AbortSignal },
  work: (restic: Restic) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'haup-restic-'));
  const pathOf = (file: string): string => join(folder, file);
  const { repository, password, credentials } = access;
  try {
    await writeNewFile(pathOf('repository'), repository.address);
    await writeNewFile(pathOf('password'), password);
    if (credentials !== null) await writeNewFile(pathOf('credentials'), credentials);
    const own = resticEnvironment(repository, pathOf, credentials !== null);
    const env = { ...withoutRestics(environment), ...own };
    return await work((args, { timeoutMs = ANSWER_MS, patient = false, input } = {}) =>
      run(args, { env, timeoutMs, patient, input, signal, repository }),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The user's environment, but for what it tells restic of another repository: a second address, password or cache. */
function withoutRestics(environment: Variables): Variables {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('RESTIC_')));
}

async function run(
  args: readonly string[],
  { env, timeoutMs, patient, input = '', signal: user, repository }: Run,
): Promise<string> {
  let stderr = '';
  const stuck = new AbortController();
  const heard = (text: string): void => {
    stderr += text;
    if (!patient && isStuck(stderr)) stuck.abort();
  };
  const limit = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([user, limit, stuck.signal]);
  try {
    const { code, stdout } = await tryExec('restic', args, { env, signal, heard, input, graceMs: END_MS });
    if (code === 0) return stdout;
  } catch (cause) {
    user.throwIfAborted();
    if (hasCode(cause, 'ENOENT'))
      throw new BackupError('no-restic', 'restic is not on this machine', 'apt-get install restic', {
        cause,
      });
    if (!stuck.signal.aborted)
      throw new BackupError('trouble', `the repository ${repository.address} does not answer`, undefined, {
        cause,
      });
  }
  throw resticError(repository, stderr);
}

interface Run {
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly patient: boolean;
  readonly input: string | undefined;
  readonly signal: AbortSignal;
  readonly repository: Repository;
}
