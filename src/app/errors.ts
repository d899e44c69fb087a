/** `--timeout` ran out before the command had done its work. Exit code 5. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
  readonly limitMs: number;

  constructor(limitMs: number, cause: unknown) {
    super(`no end within ${limitMs / 1000} s`, { cause });
    this.limitMs = limitMs;
  }
}
