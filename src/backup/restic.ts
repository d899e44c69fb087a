import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ExecResult, tryExec } from '../util/exec.ts';
import { writeNewFile } from '../util/files.ts';
import { hasCode } from '../util/host/os-error.ts';
import type { Remedies } from '../util/remedy.ts';
import type { Variables } from '../util/variables.ts';
import { BackupError } from './errors.ts';
import type { Repository } from './repository.ts';

/** What opens a repository. */
export interface Access {
  readonly repository: Repository;
  readonly password: string;
  /** As the repository's kind wants them: an AWS credentials file, a Google key in JSON. Null: as the environment has them. */
  readonly credentials: string | null;
}

/** Runs restic; standard output of a run that ended well. @throws BackupError in restic's own words */
export type Restic = (args: readonly string[], options?: { readonly timeoutMs?: number }) => Promise<string>;

/** restic itself tries again for a quarter of an hour. */
const ANSWER_MS = 60_000;

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
    return await work(async (args, { timeoutMs = ANSWER_MS } = {}) => {
      const limit = AbortSignal.timeout(timeoutMs);
      const result = await run(args, env, AbortSignal.any([signal, limit]), signal, repository);
      if (result.code === 0) return result.stdout;
      throw resticError(repository, result.stderr);
    });
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
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  user: AbortSignal,
  repository: Repository,
): Promise<ExecResult> {
  try {
    return await tryExec('restic', args, { env, signal });
  } catch (cause) {
    user.throwIfAborted();
    if (hasCode(cause, 'ENOENT'))
      throw new BackupError('no-restic', 'restic is not on this machine', 'apt-get install restic', {
        cause,
      });
    throw new BackupError('trouble', `the repository ${repository.address} does not answer`, undefined, {
      cause,
    });
  }
}

interface Meaning {
  readonly says: RegExp;
  readonly kind: BackupError['kind'];
  readonly advice?: Remedies;
}

const MEANINGS: readonly Meaning[] = [
  {
    says: /wrong password or no key found/i,
    kind: 'refused',
    advice: 'it was made with another identity, or for a cluster of another name',
  },
  { says: /bucket does not exist|NoSuchBucket/i, kind: 'refused', advice: 'make the bucket first' },
  {
    says: /access ?denied|forbidden|InvalidAccessKeyId|SignatureDoesNotMatch|permission denied/i,
    kind: 'refused',
    advice: 'give credentials that may read and write there',
  },
  {
    says: /region|AuthorizationHeaderMalformed/i,
    kind: 'refused',
    advice: "name the region's own host in the address",
  },
  { says: /version \d+ is not supported|unsupported|newer/i, kind: 'refused', advice: 'use a newer restic' },
  {
    says: /no space left|disk quota/i,
    kind: 'trouble',
    advice: { to: 'make room there', command: 'backup prune' },
  },
  { says: /no matching ID|no snapshot found|Ambiguous|multiple IDs/i, kind: 'not-found' },
  {
    says: /ciphertext verification failed|invalid data returned|hash mismatch|does not match/i,
    kind: 'damaged',
    advice: 'restore another backup',
  },
];

/** What restic asks where the place is reached, and nothing is there. */
const EMPTY = /^is there a repository at the following location/i;
const NOTHING: Pick<Meaning, 'kind' | 'advice'> = {
  kind: 'empty',
  advice: 'no backup was ever taken to there',
};

function resticError({ address }: Repository, stderr: string): BackupError {
  const said = stderr.split('\n').map((line) => line.replace(/^Fatal: /, '').trim());
  const lines = said.filter((line) => line !== '' && line !== address && !EMPTY.test(line));
  const words = lines.join('; ').slice(0, 400) || 'it gave no reason';
  const meaning =
    MEANINGS.find(({ says }) => says.test(words)) ??
    (said.some((line) => EMPTY.test(line)) ? NOTHING : undefined);
  return new BackupError(meaning?.kind ?? 'trouble', `restic at ${address}: ${words}`, meaning?.advice);
}
