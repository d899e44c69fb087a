import { Failure, type FailureKind } from '../util/failure.ts';
import type { Remedies } from '../util/remedy.ts';

const failures = {
  /** The address, the key or the credentials that were given cannot be. */
  invalid: 'input',
  /** restic is not on this machine. */
  'no-restic': 'input',
  /** The repository's words: no such bucket, no right, a wrong password, a newer format. */
  refused: 'input',
  /** The place is there, and nothing is in it. */
  empty: 'not-found',
  /** It does not answer, or its disk is full. */
  trouble: 'trouble',
  /** No such backup, or none at all. */
  'not-found': 'not-found',
  /** What is in it is not what was put there. */
  damaged: 'trouble',
} as const satisfies Record<string, FailureKind>;

/** A backup, or the place where backups are, failed us. */
export class BackupError extends Failure {
  override readonly name = 'BackupError';
  readonly kind: keyof typeof failures;

  constructor(
    kind: keyof typeof failures,
    message: string,
    advice?: Remedies,
    options: { readonly cause?: unknown } = {},
  ) {
    super(message, { ...options, advice });
    this.kind = kind;
  }

  get failure(): FailureKind {
    return failures[this.kind];
  }
}
