import { Failure } from '../util/failure.ts';

/** The command's time limit ran out before it had done its work. */
export class OutOfTime extends Failure {
  override readonly name = 'OutOfTime';
  readonly failure = 'trouble';
  readonly limitMs: number;

  constructor(limitMs: number, cause: unknown) {
    super(`no end within ${limitMs / 1000} s`, { cause });
    this.limitMs = limitMs;
  }
}
