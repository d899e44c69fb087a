import { blameOf, isSystemError, systemWords } from '../util/os-error.ts';

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
  /** The file system cannot do what a store needs. */
  | 'unsupported'
  /** A name or an address that no store could have. */
  | 'invalid';

/** The store could not do it: what, and what to do about it. Nothing was changed. Never holds a secret. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly kind: StoreErrorKind;
  readonly advice: string;

  constructor(kind: StoreErrorKind, message: string, advice: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.advice = advice;
  }
}

export interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly user: string;
  /** ISO 8601 */
  readonly since: string;
  readonly doing: string;
}

/** Another haup holds the lock: who, since when, doing what. Exit code 4. */
export class BusyError extends Error {
  override readonly name = 'BusyError';
  /** null: the lock file does not say. */
  readonly holder: Holder | null;
  readonly advice: string;

  constructor(what: string, holder: Holder | null, advice: string) {
    const who = holder
      ? `${holder.doing} (pid ${holder.pid} of ${holder.user} on ${holder.host}) has held it since ${holder.since}`
      : 'its lock file does not say by whom';
    super(`${what} is locked: ${who}`);
    this.holder = holder;
    this.advice = advice;
  }
}

const kinds: Readonly<Record<string, StoreErrorKind>> = {
  EACCES: 'unreadable',
  EPERM: 'unreadable',
  EISDIR: 'foreign',
  ENOTDIR: 'foreign',
  ELOOP: 'foreign',
  ENOENT: 'missing',
};

const advices = {
  disk: 'nothing that was stored is lost; make room on that disk, or mend it',
  unreadable: 'run haup as the user who owns that file, or give it back to yourself with chown',
  missing: 'see haup list for the clusters that are stored',
  foreign: 'something else than haup put it there: move it away, or name another folder with --store',
  unsupported: 'put the store on another disk: set HAUP_HOME or --store',
} satisfies Partial<Record<StoreErrorKind, string>>;

/**
 * The system's error as ours, whichever it is: the store's disk is the operator's. Errors of another kind pass through
 * unchanged. `doing`: "save /root/.haup/…".
 */
export function storeError(doing: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  const kind = kinds[error.code] ?? (blameOf(error.code) === 'host' ? 'disk' : 'unsupported');
  const advice = (advices as Partial<Record<StoreErrorKind, string>>)[kind] ?? '';
  return new StoreError(kind, `could not ${doing}: ${systemWords(error)}`, advice, { cause: error });
}
