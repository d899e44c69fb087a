import { byNearness } from '../../util/nearest.ts';

/** Refused for safety: what, why, and the way out. Nothing was changed. Exit code 3. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly advice: string;

  constructor(message: string, advice: string) {
    super(message);
    this.advice = advice;
  }
}

/** Wrong input that only the cluster's state shows to be wrong. Exit code 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** No such cluster, replica or zone. Exit code 6. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
  /** What exists, nearest name first. */
  readonly nearest: readonly string[];

  constructor(what: string, name: string, existing: readonly string[]) {
    const nearest = byNearness(name, existing).slice(0, 3);
    super(
      `no ${what} named ${JSON.stringify(name)}${nearest.length ? `; there is ${nearest.join(', ')}` : ''}`,
    );
    this.nearest = nearest;
  }
}

/** A step failed: which, why, and what state that left. Exit code 5. */
export class StepError extends Error {
  override readonly name = 'StepError';
  readonly advice: string;

  constructor(doing: string, cause: unknown, advice: string) {
    super(`could not ${doing}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.advice = advice;
  }
}
