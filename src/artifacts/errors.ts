import { Failure, type FailureKind } from '../util/failure.ts';
import { isSystemError, systemWords } from '../util/host/os-error.ts';
import type { Remedies } from '../util/remedy.ts';

export type ArtifactErrorKind =
  /** A version, architecture or mirror that haup does not accept. Exit code 2. */
  | 'usage'
  /** Nothing at the other end: no name, no connection, no useful answer. */
  | 'unreachable'
  /** The place answers, and does not have that release. */
  | 'not-found'
  /** What arrived, or what is in the cache, is not what its checksum says. */
  | 'checksum'
  /** Others can write to the cache, and so to what runs on the machines. Exit code 2. */
  | 'exposed'
  /** It would have come over plain http. */
  | 'insecure'
  /** The build from Go modules failed. */
  | 'build'
  /** The cache cannot be read or written: full, read-only, no permission. */
  | 'disk';

/** The Kubernetes and etcd binaries cannot be had: why, and what an operator could do about it. */
export class ArtifactError extends Failure {
  override readonly name = 'ArtifactError';
  readonly kind: ArtifactErrorKind;

  constructor(
    kind: ArtifactErrorKind,
    message: string,
    options: { advice?: Remedies; cause?: unknown } = {},
  ) {
    super(message, options);
    this.kind = kind;
  }

  get failure(): FailureKind {
    return failures[this.kind];
  }
}

const failures: Record<ArtifactErrorKind, FailureKind> = {
  usage: 'input',
  unreachable: 'trouble',
  'not-found': 'input',
  checksum: 'trouble',
  exposed: 'input',
  insecure: 'trouble',
  build: 'trouble',
  disk: 'trouble',
};

/** Turns a file system error into one that names the folder and what to do; leaves any other error as it is. */
export function explainDisk(error: unknown, folder: string): unknown {
  if (!isSystemError(error)) return error;
  return new ArtifactError('disk', `cannot write the binaries to ${folder}: ${systemWords(error)}`, {
    advice: ADVICE[error.code] ?? 'Set HAUP_CACHE to a folder on another disk.',
    cause: error,
  });
}

const ADVICE: Record<string, string> = {
  ENOSPC: 'Free about 1 GB there, or set HAUP_CACHE to a folder on a larger disk.',
  EDQUOT: 'Free about 1 GB of the quota, or set HAUP_CACHE to a folder on another disk.',
  EROFS: 'Set HAUP_CACHE to a folder that can be written.',
  EACCES: 'Set HAUP_CACHE to a folder that this user may write.',
  EPERM: 'Set HAUP_CACHE to a folder that this user may write.',
  ENOTDIR: 'Set HAUP_CACHE to a folder; a part of this path is a file.',
};
