import { deadline } from '../util/deadline.ts';
import { OutOfTime } from './errors.ts';

/**
 * Does `work` with a signal that aborts after `limitMs`, or with `signal`.
 * @throws OutOfTime for whatever `work` throws once the time is over.
 */
export async function withinTime<T>(
  limitMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const limit = deadline(limitMs, signal, ended.signal);
  try {
    return await work(limit);
  } catch (error) {
    throw limit.aborted && !signal.aborted ? new OutOfTime(limitMs, error) : error;
  } finally {
    ended.abort(); // the timer goes
  }
}
