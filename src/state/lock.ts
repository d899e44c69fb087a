import { BusyError } from './errors.ts';
import { type Exclusive, isTaken, RENEWAL_MS, type Taken, tryExclusive } from './exclusive.ts';

/** Held until released, until the process or the machine ends, or until it is lost. */
export interface Lock extends Exclusive {
  /**
   * Aborts, with a StoreError, when the lock is ours no more: whatever is being done must stop. Absent: it cannot be lost while the
   * process lives.
   */
  readonly lost?: AbortSignal;
}

/**
 * Takes the lock file at once or not at all. `what` is for people: `cluster demo`.
 * @throws BusyError
 */
export async function takeLock(path: string, what: string, doing: string): Promise<Lock> {
  const result = await tryExclusive(path, doing);
  if (isTaken(result)) throw busy(what, path, result);
  return result;
}

/** Somebody else has the lock file; there is always a way on, also from a holder that nobody will ever see again. */
export function busy(what: string, path: string, { owner, visible, renewedAt }: Taken): BusyError {
  const renewed = new Date(renewedAt).toISOString();
  const advice = visible
    ? 'wait until it has ended; should it hang, end that process: its lock ends with it'
    : `it cannot be seen from here whether that haup still runs; its lock is renewed every ${RENEWAL_MS / 1000} s, last at ${renewed}. ` +
      `If it does not run, remove ${path}`;
  return new BusyError(what, owner, advice);
}
