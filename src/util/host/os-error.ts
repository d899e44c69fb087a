import { Failure, type FailureKind } from '../failure.ts';

/**
 * What the operating system refused, told truly: the operator's disk, folder or network, never a defect of haup.
 * `input`: what was named cannot be used so (exit code 2). `host`: the machine or its disk failed (exit code 5).
 */
export class OsError extends Failure {
  override readonly name = 'OsError';
  readonly kind: Blame;

  constructor(kind: Blame, message: string, options: { advice?: string | undefined; cause?: unknown } = {}) {
    super(message, options);
    this.kind = kind;
  }

  get failure(): FailureKind {
    return failures[this.kind];
  }
}

export type Blame = 'input' | 'host';

const failures: Record<Blame, FailureKind> = { input: 'input', host: 'trouble' };

/** errno(3), in words: Node's own are short of some, and name the call, which nobody asked for. */
const words: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EBUSY: 'something is mounted there, or holds it',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'it is there already',
  EFBIG: 'the file is too large for that disk',
  EINVAL: 'that file system cannot do this',
  EIO: 'the disk failed',
  EISDIR: 'it is a folder',
  ELOOP: 'it is a symbolic link',
  EMFILE: 'too many open files',
  EMLINK: 'that file system cannot do this',
  ENAMETOOLONG: 'the name is too long',
  ENFILE: 'too many open files on this machine',
  ENOENT: 'there is none',
  ENOLCK: 'that file system gives no locks',
  ENOMEM: 'out of memory',
  ENOSPC: 'no space left on device',
  ENOSYS: 'this system cannot do this',
  ENOTDIR: 'a part of its path is a file',
  ENOTEMPTY: 'the folder is not empty',
  ENOTSUP: 'that file system cannot do this',
  ENXIO: 'nothing is at its other end',
  EOPNOTSUPP: 'that file system cannot do this',
  EPERM: 'that is not permitted',
  EROFS: 'the disk can only be read (read-only file system)',
  ESTALE: 'the shared folder has changed under us',
  ETXTBSY: 'the program is running',
  EXDEV: 'it is on another disk',
};

const inputCodes = new Set(
  (
    'EACCES EBUSY EEXIST EINVAL EISDIR ELOOP EMLINK ENAMETOOLONG ENODEV ENOENT ENOEXEC ENOSYS ENOTDIR ENOTEMPTY ENOTSUP ' +
    'ENXIO EOPNOTSUPP EPERM ETXTBSY EXDEV EBADF ESPIPE EAFNOSUPPORT EPROTONOSUPPORT'
  ).split(' '),
);

const shape = /^E[A-Z0-9]+$/;

/** Is it the operating system's own refusal? Node gives those a call and a number. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  if (!(error instanceof Error)) return false;
  const { code, syscall, errno } = error as NodeJS.ErrnoException;
  return typeof code === 'string' && shape.test(code) && (syscall !== undefined || errno !== undefined);
}

/** Does the system's error have one of these codes? */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes(String((error as NodeJS.ErrnoException | null)?.code));
}

export function blameOf(code: string): Blame {
  return inputCodes.has(code) ? 'input' : 'host';
}

/** `no space left on device (ENOSPC)` */
export function systemWords(error: NodeJS.ErrnoException): string {
  const { code = '' } = error;
  return `${words[code] ?? error.message.replace(/^[A-Z0-9]+: /, '').replace(/, .*$/, '')} (${code})`;
}

/** The system's error as an {@link OsError}; any other passes through. `doing`: "write /home/op/.kube/config". */
export function osError(doing: string, error: unknown, advice?: string): unknown {
  if (!isSystemError(error)) return error;
  return new OsError(blameOf(error.code), `could not ${doing}: ${systemWords(error)}`, {
    advice,
    cause: error,
  });
}

/** A system's error that nobody told more about: from the call and the path that it names itself. */
export function describeSystemError(error: unknown): unknown {
  if (!isSystemError(error)) return error;
  const { syscall = '', path = '' } = error;
  if (syscall.startsWith('spawn'))
    return osError(
      `run ${path || syscall.slice(6)}`,
      error,
      'see which packages it comes with, and install one',
    );
  if (error.code.startsWith('ECONN') || !path)
    return new OsError(blameOf(error.code), error.message, { cause: error });
  return osError(`${verbs[syscall] ?? syscall} ${path}`, error);
}

const verbs: Readonly<Record<string, string>> = {
  access: 'use',
  lstat: 'look at',
  mkdir: 'make the folder',
  open: 'open',
  rename: 'put in its place',
  rmdir: 'remove',
  scandir: 'read the folder',
  stat: 'look at',
  unlink: 'remove',
};
