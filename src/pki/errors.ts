/** A key or certificate that cannot be made, read or trusted. The message names the certificate, never a key. */
export class PkiError extends Error {
  override readonly name = 'PkiError';

  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
  }
}
