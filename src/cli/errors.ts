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

/** `--timeout` ran out before the command had done its work. Exit code 5. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
  readonly limitMs: number;

  constructor(limitMs: number, cause: unknown) {
    super(`no end within ${limitMs / 1000} s`, { cause });
    this.limitMs = limitMs;
  }
}
