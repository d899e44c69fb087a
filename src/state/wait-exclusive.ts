import { GiveUp, waitFor } from '../util/wait.ts';
import { isTaken, tryExclusive } from './exclusive.ts';

/** Does `work` while nobody else does any under the same file; waits for its turn, which is short. */
export async function exclusively<T>(path: string, doing: string, work: () => Promise<T>): Promise<T> {
  const turn = await waitFor(
    async () => {
      const result = await tryExclusive(path, doing).catch((error: unknown) => {
        throw new GiveUp(error); // a full disk does not get better by waiting
      });
      return isTaken(result) ? undefined : result;
    },
    { what: `the turn at ${path}`, timeoutMs: 10_000, intervalMs: 5, maxIntervalMs: 100 },
  );
  try {
    return await work();
  } finally {
    await turn.release();
  }
}
