import { Failure } from '../util/failure.ts';

/** Wrong usage: one line that says what was given and what is accepted. Nothing was changed. */
export class UsageError extends Failure {
  override readonly name = 'UsageError';
  readonly failure = 'input';
}

/** The user stopped it: Ctrl-C, SIGTERM or a closed terminal. */
export class Interrupted extends Failure {
  override readonly name = 'Interrupted';
  readonly failure = 'interrupted';

  constructor(signal: string) {
    super(`interrupted by ${signal}`);
  }
}
