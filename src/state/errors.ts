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

const kinds: Record<string, StoreErrorKind> = {
  ENOSPC: 'disk',
  EDQUOT: 'disk',
  EFBIG: 'disk',
  EIO: 'disk',
  EROFS: 'disk',
  EMFILE: 'disk',
  EACCES: 'unreadable',
  EPERM: 'unreadable',
  EISDIR: 'foreign',
  ENOTDIR: 'foreign',
  ELOOP: 'foreign',
  ENOENT: 'missing',
};

const advices: Partial<Record<StoreErrorKind, string>> = {
  disk: 'nothing that was stored is lost; make room on that disk, or mend it',
  unreadable: 'run haup as the user who owns that file, or give it back to yourself with chown',
  missing: 'see haup list for the clusters that are stored',
  foreign: 'something else than haup put it there: move it away, or name another folder with --store',
};

/** The system's error as ours; errors of another kind pass through unchanged. `doing`: "save /root/.haup/…". */
export function storeError(doing: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const kind = code === undefined ? undefined : kinds[code];
  if (kind === undefined || error instanceof StoreError) return error;
  const words = (error as Error).message.replace(/^[A-Z0-9]+: /, '').replace(/, .*$/, '');
  return new StoreError(kind, `could not ${doing}: ${words} (${code})`, advices[kind]!, { cause: error });
}

/** Does the system's error have one of these codes? */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes(String((error as NodeJS.ErrnoException | null)?.code));
}
