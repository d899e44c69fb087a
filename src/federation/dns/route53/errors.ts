import { DnsError } from '../errors.ts';

interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  /** Of InvalidChangeBatch. */
  readonly messages?: readonly string[];
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** HTTP 400 both: too many requests or changes for now; the last change of the zone is still under way (Route 53 API, Throttling and ChangeResourceRecordSets). */
const LATER = /^(Throttling|ThrottlingException|PriorRequestNotComplete)$/;
const DENIED =
  /^(AccessDenied|AccessDeniedException|InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClientException|ExpiredToken|ExpiredTokenException|RequestExpired|IncompleteSignature|MissingAuthenticationToken|CredentialsProviderError|TokenProviderError|OptInRequired)$/;
/** What InvalidChangeBatch says when a record is not as it was thought to be. */
const OTHERWISE =
  /already exists|was not found|do not match the current values|conflicts with other records|not permitted as it conflicts|with the same name/i;

export function isLater(error: unknown): boolean {
  return LATER.test((error as SdkError).name ?? '');
}

/** Any failure of a call as one of the few kinds, Route 53's own words kept. @param action as permissions name it */
export function route53Error(error: unknown, action: string): DnsError {
  if (error instanceof DnsError) return error;
  const { name = 'Error', message = String(error), messages, code, $metadata } = error as SdkError;
  const words = [...(messages ?? []), message].join(' ').trim().split('\n')[0]!.slice(0, 500);
  const said = `route53:${action}: ${words} (${name})`;
  if (DENIED.test(name)) {
    const advice = name.startsWith('AccessDenied')
      ? `give these credentials the permission route53:${action} on the hosted zone`
      : 'AWS does not accept these credentials: aws sts get-caller-identity shows which ones are in use';
    return new DnsError('denied', said, { advice });
  }
  if (name === 'NoSuchHostedZone' || name === 'HostedZoneNotFound')
    return new DnsError('no-zone', said, {
      advice: 'is it the zone’s id, and this the account that has it?',
    });
  if (name === 'InvalidChangeBatch') return new DnsError(OTHERWISE.test(words) ? 'changed' : 'invalid', said);
  // The other form of the same refusal, a list of messages, which the SDK does not read.
  const isUnread = /^Unknown/.test(name) && $metadata?.httpStatusCode === 400;
  if (isUnread && action === 'ChangeResourceRecordSets') return new DnsError('changed', said);
  if (/LimitExceeded|TooMany/.test(name))
    return new DnsError('full', said, { advice: 'ask for more records per hosted zone in Service Quotas' });
  // Not the SDK's own error as the cause: it holds the request with its signature.
  return new DnsError(
    ($metadata?.httpStatusCode ?? 500) < 500 ? 'invalid' : 'trouble',
    code ? `${said} (${code})` : said,
  );
}
