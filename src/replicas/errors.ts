/** A replica's inside failed: which replica, which part, what it logged last. Exit code 5. Never contains a secret. */
export class ReplicaError extends Error {
  override readonly name = 'ReplicaError';
  /** What an operator could do about it, as a sentence. */
  readonly advice: string | null;

  constructor(message: string, options: { advice?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.advice = options.advice ?? null;
  }
}
