import { Failure } from '../util/failure.ts';

/** The API server refused, or did not answer as it should. Never contains a secret. */
export class ApiError extends Failure {
  override readonly name = 'ApiError';
  readonly failure = 'trouble';
  readonly status: number;

  constructor(doing: string, status: number, words: string) {
    super(`could not ${doing}: the API server answers ${status}: ${words}`);
    this.status = status;
  }
}
