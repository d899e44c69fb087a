/** An error answer of Compute Engine (AIP-193 over compute v1's own reasons). */
export class Refusal extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }

  body(): unknown {
    const { status, reason, message } = this;
    return { error: { code: status, message, errors: [{ message, domain: 'global', reason }] } };
  }
}

/** How an operation ends when it does not succeed. */
export class OperationError extends Error {
  readonly code: string;
  readonly httpStatus: number;

  constructor(code: string, message: string, httpStatus = 400) {
    super(message);
    this.code = code;
    this.httpStatus = httpStatus;
  }
}

export const notFound = (path: string) =>
  new Refusal(404, 'notFound', `The resource 'projects/${path}' was not found`);
export const invalid = (message: string) => new Refusal(400, 'invalid', message);
