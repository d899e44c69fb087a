import type { Clock } from '../../util/clock.ts';
import { ProviderError } from '../errors.ts';

export interface PollOptions {
  /** As it follows "waited 60 s for": "demo-master to run". */
  readonly what: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** First pause; grows by half each time up to `maxIntervalMs`. Default 500. */
  readonly intervalMs?: number;
  /** Default 5000. */
  readonly maxIntervalMs?: number;
  readonly advice?: string;
  /** What the last look saw, for the time limit's message. */
  readonly last?: () => string | null;
}

/**
 * Looks until `look` returns a value other than undefined. Unlike `waitFor`, an error of `look` ends the wait: the
 * provider's own calls have been retried already, so what comes out of them is final.
 * @throws a `transient` {@link ProviderError} at the time limit; the signal's reason when aborted.
 */
export async function poll<T>(look: () => Promise<T | undefined>, options: PollOptions): Promise<T> {
  const { clock, signal, timeoutMs, what } = options;
  const deadline = clock.now() + timeoutMs;
  let pause = options.intervalMs ?? 500;
  for (;;) {
    signal.throwIfAborted();
    const value = await look();
    if (value !== undefined) return value;
    if (clock.now() + pause > deadline) {
      const last = options.last?.();
      throw new ProviderError(
        'transient',
        `waited ${Math.round(timeoutMs / 1000)} s for ${what}${last ? `: ${last}` : ''}`,
        options.advice ? { advice: options.advice } : {},
      );
    }
    await clock.sleep(pause, signal);
    pause = Math.min(pause * 1.5, options.maxIntervalMs ?? 5000);
  }
}
