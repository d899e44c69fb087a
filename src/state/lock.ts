import { BusyError } from './errors.ts';
import { type Exclusive, isTaken, tryExclusive } from './exclusive.ts';

/** Held until released, or until the process or the machine ends. */
export type Lock = Exclusive;

/**
 * Takes the lock file at once or not at all. `what` is for people: `cluster demo`.
 * @throws BusyError
 */
export async function takeLock(path: string, what: string, doing: string): Promise<Lock> {
  const result = await tryExclusive(path, doing);
  if (isTaken(result)) throw new BusyError(what, result.owner, adviceFor(path, result.visible));
  return result;
}

function adviceFor(path: string, visible: boolean): string {
  return visible
    ? 'wait until it has ended; should it hang, end that process: its lock ends with it'
    : `it cannot be seen from this machine whether that haup still runs: if it does not, remove ${path}`;
}
