import type { Clock } from '../../util/clock.ts';
import { GiveUp, TimeoutError, waitFor } from '../../util/wait.ts';
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
 * {@link waitFor}, but that an error of `look` ends the wait: the provider's own calls have been retried already, so what comes out of
 * them is final.
 * @throws a `transient` {@link ProviderError} at the time limit; the signal's reason when aborted.
 */
export async function poll<T>(look: () => Promise<T | undefined>, options: PollOptions): Promise<T> {
  const { intervalMs = 500, maxIntervalMs = 5000, timeoutMs, what, last, advice, ...rest } = options;
  const final = (error: unknown): never => {
    throw new GiveUp(error);
  };
  try {
    return await waitFor(() => look().catch(final), { ...rest, what, timeoutMs, intervalMs, maxIntervalMs });
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    const words = last?.();
    throw new ProviderError(
      'transient',
      `waited ${Math.round(timeoutMs / 1000)} s for ${what}${words ? `: ${words}` : ''}`,
      advice ? { advice } : {},
    );
  }
}
