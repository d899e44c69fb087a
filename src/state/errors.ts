import { Failure, type FailureKind } from '../util/failure.ts';
import { blameOf, isSystemError, systemWords } from '../util/host/os-error.ts';
import type { Remedies } from '../util/remedy.ts';

export type StoreErrorKind =
  /** No space, a quota, a read-only or failing disk. What was stored before is still there. */
  | 'disk'
  /** No permission. */
  | 'unreadable'
  /** Ours once, but cut short or edited wrongly. */
  | 'corrupt'
  /** Not made by haup. */
  | 'foreign'
  /** Made by a newer haup. */
  | 'newer'
  | 'exists'
  | 'missing'
  /** Somebody else saved since it was read. */
  | 'conflict'
  /** Others could write it. */
  | 'exposed'
  /** Sealed for another key. */
  | 'sealed'
  /** The file system cannot do what a store needs. */
  | 'unsupported'
  /** A name or an address that no store could have. */
  | 'invalid';

/** The store could not do it: what, and what to do about it. Nothing was changed. Never holds a secret. */
export class StoreError extends Failure {
  override readonly name = 'StoreError';
  readonly kind: StoreErrorKind;

  constructor(kind: StoreErrorKind, message: string, advice: Remedies, options: { cause?: unknown } = {}) {
    super(message, { ...options, advice });
    this.kind = kind;
  }

  get failure(): FailureKind {
    return failures[this.kind];
  }
}

const failures: Record<StoreErrorKind, FailureKind> = {
  disk: 'trouble',
  unreadable: 'input',
  corrupt: 'input',
  foreign: 'input',
  newer: 'input',
  exists: 'input',
  missing: 'not-found',
  conflict: 'input',
  exposed: 'input',
  sealed: 'input',
  unsupported: 'input',
  invalid: 'input',
};

export interface LockOwner {
  readonly pid: number;
  readonly host: string;
  readonly user: string;
  /** ISO 8601 */
  readonly since: string;
  readonly doing: string;
}

/** Another haup holds the lock: who, since when, doing what. Exit code 4. */
export class BusyError extends Failure {
  override readonly name = 'BusyError';
  readonly failure = 'busy';
  /** null: the lock file does not say. */
  readonly holder: LockOwner | null;

  constructor(what: string, holder: LockOwner | null, advice: Remedies) {
    const who = holder
      ? `${holder.doing} (pid ${holder.pid} of ${holder.user} on ${holder.host}) has held it since ${holder.since}`
      : 'its lock file does not say by whom';
    super(`${what} is locked: ${who}`, { advice });
    this.holder = holder;
  }
}

export function missingCluster(cluster: string): StoreError {
  return new StoreError('missing', `there is no cluster ${cluster} in the store`, {
    to: 'see the clusters that are stored',
    command: 'list',
  });
}

const kinds: Readonly<Record<string, StoreErrorKind>> = {
  EACCES: 'unreadable',
  EPERM: 'unreadable',
  EISDIR: 'foreign',
  ENOTDIR: 'foreign',
  ELOOP: 'foreign',
  ENOENT: 'missing',
};

const advices: Partial<Record<StoreErrorKind, Remedies>> = {
  disk: 'nothing that was stored is lost; make room on that disk, or mend it',
  unreadable: 'run haup as the user who owns that file, or give it back to yourself with chown',
  missing: { to: 'see the clusters that are stored', command: 'list' },
  foreign: [
    'something else than haup put it there: move it away',
    { to: 'or name another folder', setting: 'store' },
  ],
  unsupported: [
    'put the store on another disk: set HAUP_HOME',
    { to: 'or name a folder there', setting: 'store' },
  ],
};

/**
 * The system's error as ours, whichever it is: the store's disk is the operator's. Errors of another kind pass through
 * unchanged. `doing`: "save /root/.haup/…".
 */
export function storeError(doing: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  const kind = kinds[error.code] ?? (blameOf(error.code) === 'host' ? 'disk' : 'unsupported');
  return new StoreError(kind, `could not ${doing}: ${systemWords(error)}`, advices[kind] ?? [], {
    cause: error,
  });
}
