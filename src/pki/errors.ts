import { Failure, type FailureKind } from '../util/failure.ts';

export type PkiErrorKind =
  /** What the store keeps is not what haup put there. */
  | 'stored'
  /** An authority's time is over. */
  | 'expired'
  /** Ours to get right. */
  | 'defect';

/** A key or certificate that cannot be made, read or trusted. The message names the certificate, never a key. */
export class PkiError extends Failure {
  override readonly name = 'PkiError';
  readonly kind: PkiErrorKind;

  constructor(message: string, options: { kind?: PkiErrorKind; advice?: string; cause?: unknown } = {}) {
    super(message, options);
    this.kind = options.kind ?? 'defect';
  }

  get failure(): FailureKind {
    return failures[this.kind];
  }
}

const failures: Record<PkiErrorKind, FailureKind> = { stored: 'input', expired: 'trouble', defect: 'defect' };
