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
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly kind: ProviderErrorKind;
  /** What an operator could do about it, as a sentence. */
  readonly advice: string | null;
  /** The key of ProviderSettings that is refused, which the message names too; null: it is about something else. */
  readonly setting: string | null;

  constructor(
    kind: ProviderErrorKind,
    message: string,
    options: { advice?: string; setting?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.advice = options.advice ?? null;
    this.setting = options.setting ?? null;
  }
}
