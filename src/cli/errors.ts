/** Wrong usage: one line that says what was given and what is accepted. Exit code 2. Nothing was changed. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The user stopped it: Ctrl-C, SIGTERM or a closed terminal. Exit code 130. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor(signal: string) {
    super(`interrupted by ${signal}`);
  }
}
