import { Failure, type FailureKind } from '../util/failure.ts';
import type { Remedies } from '../util/remedy.ts';

/** The one small set of kinds that every cloud's errors come out as; the cloud's own message is kept. */
export type ProviderErrorKind =
  /** The thing named does not exist. */
  | 'not-found'
  /** Something else has the name, the address or the role. */
  | 'conflict'
  /** A quota, or no capacity in the zone. */
  | 'quota'
  /** No permission, expired credentials, an API that is not enabled. */
  | 'denied'
  /** Worth trying again later: throttling, 5xx, a time limit. */
  | 'transient'
  /** The cloud refuses the request as such. */
  | 'invalid'
  /** This host or these credentials cannot work yet; the message holds the command that mends it. */
  | 'preflight';

/** A failure of a cloud call: what was being done, and the cloud's own words. Never contains a secret. */
export class ProviderError extends Failure {
  override readonly name = 'ProviderError';
  readonly kind: ProviderErrorKind;
  /** The key of ProviderSettings that is refused, which the message names too; null: it is about something else. */
  readonly setting: string | null;

  constructor(
    kind: ProviderErrorKind,
    message: string,
    options: { advice?: Remedies; setting?: string; cause?: unknown } = {},
  ) {
    super(message, options);
    this.kind = kind;
    this.setting = options.setting ?? null;
  }

  get failure(): FailureKind {
    return failures[this.kind];
  }
}

/** Within a step these are a StepError's cause; alone they come from what was asked for. */
const failures: Record<ProviderErrorKind, FailureKind> = {
  'not-found': 'not-found',
  conflict: 'trouble',
  quota: 'trouble',
  denied: 'trouble',
  transient: 'trouble',
  invalid: 'input',
  preflight: 'input',
};
