import type { Clock } from '../../util/clock.ts';
import { messageOf } from '../../util/failure.ts';
import { ProviderError } from '../errors.ts';

export interface RetryOptions {
  /** What is being tried, as it follows "gave up": "creating the forwarding rule demo-api". */
  readonly what: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** From the first attempt. Default 300 000. */
  readonly deadlineMs?: number;
  /** Doubles with each attempt; each pause is 0.5 to 1 of it, so that many callers do not come back together. Default 500. */
  readonly firstPauseMs?: number;
  /** Default 20 000. */
  readonly maxPauseMs?: number;
  /** 0 ≤ x < 1. */
  readonly random?: () => number;
  /** Whether to try again after this error. Default: a {@link ProviderError} of kind `transient`. */
  readonly again?: (error: unknown) => boolean;
  /** The cloud's own Retry-After: a lower bound on the pause. */
  readonly retryAfterMs?: (error: unknown) => number | undefined;
}

/**
 * Tries until it succeeds. The one place where clouds' throttling and 5xx are waited out.
 * @throws the first error that is not to be tried again; at the deadline a `transient` {@link ProviderError} with the
 *   last message; the signal's reason when aborted.
 */
export async function retry<T>(attempt: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, signal, random = Math.random, again = isTransient } = options;
  const began = clock.now();
  const deadline = began + (options.deadlineMs ?? 300_000);
  let ceiling = options.firstPauseMs ?? 500;
  for (let count = 0; ; count++) {
    signal.throwIfAborted();
    try {
      return await attempt(count);
    } catch (error) {
      signal.throwIfAborted();
      if (!again(error)) throw error;
      const pause = Math.max(ceiling * (0.5 + random() / 2), options.retryAfterMs?.(error) ?? 0);
      if (clock.now() + pause > deadline) throw gaveUp(error, options.what, clock.now() - began, count + 1);
      await clock.sleep(pause, signal);
      ceiling = Math.min(ceiling * 2, options.maxPauseMs ?? 20_000);
    }
  }
}

export function isTransient(error: unknown): boolean {
  return error instanceof ProviderError && error.kind === 'transient';
}

function gaveUp(error: unknown, what: string, afterMs: number, attempts: number): ProviderError {
  const message = messageOf(error);
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  const advice = error instanceof ProviderError ? { advice: error.remedies } : {};
  return new ProviderError(
    'transient',
    `${message} (gave up ${what} after ${Math.round(afterMs / 1000)} s and ${tries})`,
    advice,
  );
}
