import type { Clock } from '../../util/clock.ts';
import { messageOf } from '../../util/failure.ts';
import { DnsError } from './errors.ts';

/** Longer than a service's window of counting, shorter than anybody would wait for a record. */
const PATIENCE_MS = 60_000;
const FIRST_MS = 500;
const MOST_MS = 8_000;

export interface PaceOptions {
  readonly clock: Clock;
  /** Between two requests. */
  readonly everyMs: number;
  /** Whether a refusal means "later": the request was turned away and nothing was done. */
  readonly isLater: (error: unknown) => boolean;
  readonly random?: () => number;
}

/**
 * Sends requests one after the other, no faster than agreed, and again those that were turned away for being too many. Nothing
 * else is repeated: whether a change was made that was not answered, only the zone itself says.
 */
export function paced({ clock, everyMs, isLater, random = Math.random }: PaceOptions) {
  let free = 0;
  let line: Promise<unknown> = Promise.resolve();

  async function turn<T>(send: () => Promise<T>): Promise<T> {
    const wait = free - clock.now();
    if (wait > 0) await clock.sleep(wait);
    free = clock.now() + everyMs;
    return send();
  }

  return async function ask<T>(send: () => Promise<T>): Promise<T> {
    const deadline = clock.now() + PATIENCE_MS;
    for (let pause = FIRST_MS; ; pause = Math.min(pause * 2, MOST_MS)) {
      const answer = line.then(() => turn(send));
      line = answer.catch(() => {});
      try {
        return await answer;
      } catch (error) {
        if (!isLater(error)) throw error;
        if (clock.now() + pause > deadline)
          throw new DnsError('trouble', `the DNS service has had no time for a minute: ${messageOf(error)}`);
        await clock.sleep(pause * (0.5 + random() / 2));
      }
    }
  };
}
