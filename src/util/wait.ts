import { type Clock, systemClock } from './clock.ts';
import { Failure } from './failure.ts';

export interface WaitOptions {
  /** What is being waited for, as it would follow "waiting for": "sshd on demo-master". */
  readonly what: string;
  readonly timeoutMs: number;
  /** First pause between two looks; grows by half each time up to `maxIntervalMs`. Default 50. */
  readonly intervalMs?: number;
  /** Default 1000. */
  readonly maxIntervalMs?: number;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock;
}

/** The condition did not come true in time. `last` is what the last look said. */
export class TimeoutError extends Failure {
  override readonly name = 'TimeoutError';
  readonly failure = 'trouble';
  readonly last: unknown;

  constructor(what: string, timeoutMs: number, last: unknown) {
    const detail = last instanceof Error ? last.message : last === undefined ? '' : String(last);
    super(`waited ${Math.round(timeoutMs / 1000)} s for ${what}${detail ? `: ${detail}` : ''}`);
    this.last = last;
  }
}

/** Thrown out of a `waitFor` look to end the wait at once with `cause`. */
export class GiveUp extends Error {
  constructor(cause: unknown) {
    super('give up', { cause });
  }
}

/**
 * Looks until `look` returns a value other than undefined. A look that throws counts as "not yet", its error is kept
 * for the time limit's message; one that throws {@link GiveUp} ends the wait with its cause.
 * @throws TimeoutError; the signal's reason when aborted.
 */
export async function waitFor<T>(look: () => Promise<T | undefined>, options: WaitOptions): Promise<T> {
  const clock = options.clock ?? systemClock;
  const deadline = clock.now() + options.timeoutMs;
  let pause = options.intervalMs ?? 50;
  let last: unknown;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      const value = await look();
      if (value !== undefined) return value;
    } catch (error) {
      if (error instanceof GiveUp) throw error.cause;
      last = error;
    }
    if (clock.now() + pause > deadline) throw new TimeoutError(options.what, options.timeoutMs, last);
    await clock.sleep(pause, options.signal);
    pause = Math.min(pause * 1.5, options.maxIntervalMs ?? 1000);
  }
}
