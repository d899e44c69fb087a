import { ExecError } from '../../util/exec.ts';
import { TimeoutError } from '../../util/wait.ts';
import { ProviderError, type ProviderErrorKind } from '../errors.ts';

const KINDS: Readonly<Record<string, ProviderErrorKind>> = {
  ENOSPC: 'quota',
  EDQUOT: 'quota',
  EMFILE: 'quota',
  ENFILE: 'quota',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
};

/** Any failure of this host as a ProviderError, the system's words kept. An abort's reason passes through. */
function toProviderError(error: unknown, doing: string, signal: AbortSignal): unknown {
  if (error instanceof ProviderError) return error;
  if (signal.aborted) return signal.reason;
  if (!(error instanceof Error)) return error;
  const { code } = error as NodeJS.ErrnoException;
  const known = code === undefined ? undefined : KINDS[code];
  if (known) return new ProviderError(known, `${doing}: ${error.message}`, { cause: error });
  if (code === 'ENOENT' && error.message.startsWith('spawn ')) {
    return new ProviderError('preflight', `${doing}: ${error.message.slice(6)}: no such program`, {
      cause: error,
    });
  }
  if (error instanceof ExecError || error instanceof TimeoutError) {
    const full = /No space left on device/i.test(error.message);
    return new ProviderError(full ? 'quota' : 'transient', `${doing}: ${error.message}`, { cause: error });
  }
  // What is left is a defect of ours and shall look like one.
  return error;
}

type Calls = Record<string, (...args: never[]) => Promise<unknown>>;

/** The same calls, failing only with what {@link toProviderError} makes of their failures. */
export function translated<T extends object>(what: string, calls: T, signal: AbortSignal): T {
  const wrapped: Calls = {};
  for (const [name, call] of Object.entries(calls as unknown as Calls)) {
    wrapped[name] = async (...args) => {
      try {
        signal.throwIfAborted();
        return await call(...args);
      } catch (error) {
        throw toProviderError(error, `${what} ${name}`, signal);
      }
    };
  }
  return wrapped as unknown as T;
}
