import { Failure, type FailureKind } from '../../util/failure.ts';
import type { Remedies } from '../../util/remedy.ts';

export type DnsErrorKind =
  /** What was given cannot be. */
  | 'invalid'
  /** The zone is not there, or not with this account. */
  | 'no-zone'
  /** The zone is there, and belongs to others, or is no zone for this. */
  | 'not-ours'
  /** The credentials were refused, or lack a right. */
  | 'denied'
  /** What was read is not there any more: read again. Nothing was changed by the batch that failed. */
  | 'changed'
  /** The service asks for patience, or does not answer; some of the batches may have been carried out. */
  | 'trouble'
  /** The zone or the account is full. */
  | 'full';

const FAILURES = {
  invalid: 'input',
  'no-zone': 'not-found',
  'not-ours': 'refused',
  denied: 'input',
  changed: 'trouble',
  trouble: 'trouble',
  full: 'trouble',
} as const satisfies Record<DnsErrorKind, FailureKind>;

/** A refusal of a DNS zone, in words for the federation's status. Never holds a secret. */
export class DnsError extends Failure {
  override readonly name = 'DnsError';
  readonly kind: DnsErrorKind;
  readonly failure: FailureKind;

  constructor(
    kind: DnsErrorKind,
    message: string,
    options: { readonly advice?: Remedies | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, options);
    this.kind = kind;
    this.failure = FAILURES[kind];
  }
}
