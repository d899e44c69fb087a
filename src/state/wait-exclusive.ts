import { GiveUp, TimeoutError, waitFor } from '../util/wait.ts';
import { isTaken, type Taken, tryExclusive } from './exclusive.ts';
import { busy } from './lock.ts';

/**
 * Does `work` while nobody else does any under the same file; waits for its turn, which is short.
 * @throws BusyError when it does not come: who has it, and the way on.
 */
export async function exclusively<T>(
  path: string,
  doing: string,
  work: () => Promise<T>,
  patienceMs = 10_000,
): Promise<T> {
  let taken: Taken | undefined;
  const turn = await waitFor(
    async () => {
      const result = await tryExclusive(path, doing).catch((error: unknown) => {
        throw new GiveUp(error); // a full disk does not get better by waiting
      });
      if (!isTaken(result)) return result;
      taken = result;
      return undefined;
    },
    { what: `the turn at ${path}`, timeoutMs: patienceMs, intervalMs: 5, maxIntervalMs: 100 },
  ).catch((error: unknown) => {
    throw error instanceof TimeoutError && taken ? busy(path, path, taken) : error;
  });
  try {
    return await work();
  } finally {
    await turn.release();
  }
}
