import type { Remedies } from '../../../util/remedy.ts';
import { ProviderError, type ProviderErrorKind } from '../../errors.ts';

/** A refusal of EC2 or ELB with its own code, and what is known of whether the call was carried out. */
export class AwsError extends ProviderError {
  /** The cloud's code ("InvalidGroup.Duplicate"), or the name of the client's error. */
  readonly code: string;
  /** The call may have been carried out: its answer was lost, or was a 5xx. */
  readonly ambiguous: boolean;

  constructor(
    kind: ProviderErrorKind,
    message: string,
    options: { code: string; ambiguous: boolean; advice?: Remedies; cause?: unknown },
  ) {
    super(kind, message, options);
    this.code = options.code;
    this.ambiguous = options.ambiguous;
  }
}

export function hasCode(error: unknown, codes: readonly string[]): error is AwsError {
  return error instanceof AwsError && codes.includes(error.code);
}

/** The result, or null where the cloud answered with one of `codes`: what was asked is so already. */
export async function tolerate<T>(call: Promise<T>, codes: readonly string[]): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (hasCode(error, codes)) return null;
    throw error;
  }
}

interface Rule {
  readonly codes: RegExp;
  readonly kind: ProviderErrorKind;
  readonly advice?: Remedies;
}

/**
 * The first match wins. Codes: EC2 reference, "Error codes for the Amazon EC2 API"; ELBv2 reference, errors of each action.
 * Capacity errors come with HTTP 500, so codes go before status numbers.
 */
const rules: readonly Rule[] = [
  {
    codes:
      /^(RequestLimitExceeded|Throttl|TooManyRequests|BandwidthLimitExceeded|SlowDown|EC2ThrottledException)/,
    kind: 'transient',
  },
  {
    codes:
      /^(InsufficientInstanceCapacity|InsufficientHostCapacity|InsufficientReservedInstanceCapacity|Server\.InsufficientInstanceCapacity)$/,
    kind: 'quota',
    advice: [
      'The zone has no such machine free now: name another zone, or try again later.',
      { to: 'or name another kind of machine', setting: 'machineType' },
    ],
  },
  {
    codes: /^InsufficientFreeAddressesInSubnet$/,
    kind: 'quota',
    advice: ['The subnet is full.', { to: 'name another one', setting: 'subnets' }],
  },
  {
    codes: /^AddressLimitExceeded$/,
    kind: 'quota',
    advice:
      'The account has no Elastic IP left in this region (5 by default): release one, or ask for more in Service Quotas (code L-0263D0A3).',
  },
  {
    codes: /^(VcpuLimitExceeded|InstanceLimitExceeded)$/,
    kind: 'quota',
    advice: [
      'Ask for more vCPUs in Service Quotas (code L-1216C47A).',
      { to: 'or name a smaller kind of machine', setting: 'machineType' },
    ],
  },
  {
    codes: /^RouteLimitExceeded$/,
    kind: 'quota',
    advice:
      'Every node takes one route of each route table: ask for more routes per route table in Service Quotas (code L-93826ACB), or use subnets with a table of their own.',
  },
  {
    codes: /(LimitExceeded|Capacity(Exceeded)?)$|^TooMany/,
    kind: 'quota',
    advice: 'Ask for more of it in Service Quotas, or free some.',
  },
  {
    codes: /^Unsupported$/,
    kind: 'quota',
    advice: [{ to: 'name a kind that this zone offers', setting: 'machineType' }, 'or name another zone'],
  },
  {
    codes: /^(ExpiredToken|ExpiredTokenException|RequestExpired|TokenProviderError)$/,
    kind: 'denied',
    advice: 'The login has expired: log in again (for instance aws sso login), and check this clock.',
  },
  {
    codes:
      /^(CredentialsProviderError|AuthFailure|InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClientException|IncompleteSignature|MissingAuthenticationToken)$/,
    kind: 'denied',
    // A region that is not enabled answers as if the credentials were wrong. AWS account management, "Enable or disable Regions".
    advice: [
      'AWS does not accept these credentials here: aws sts get-caller-identity shows which ones are in use.',
      'A region that the account has to opt in to accepts none before: aws account list-regions shows which are enabled.',
    ],
  },
  {
    codes: /^(OptInRequired|PendingVerification|Blocked|SubscriptionRequired)/,
    kind: 'denied',
    advice: 'The account cannot use EC2 in this region yet: its console says what is missing.',
  },
  {
    codes: /^(UnauthorizedOperation|AccessDenied|AccessDeniedException|UnauthorizedAccess)$/,
    kind: 'denied',
  },
  {
    codes: /^ENOTFOUND$/,
    kind: 'not-found',
    advice: 'Is the region spelled right, and does this host resolve names?',
  },
  { codes: /NotFound|^NoSuch/, kind: 'not-found' },
  {
    codes:
      /Duplicate|InUse|AlreadyAssociated|AlreadyExists|^DependencyViolation$|^Incorrect|^Idempotent|^OperationNotPermitted$/,
    kind: 'conflict',
  },
];

/** Network failures of Node's and of the SDK's: the request may have arrived. */
const lost =
  /^(ECONNRESET|EPIPE|ETIMEDOUT|ECONNREFUSED|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|TimeoutError|RequestTimeout)/;

interface SdkError {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/**
 * Any failure of a call as one of the few kinds, the cloud's own words kept.
 * @param action as AWS names it ("ec2:RunInstances"), which is also the permission that it needs.
 */
export function awsError(error: unknown, action: string): AwsError {
  if (error instanceof AwsError) return error;
  const sdk = (typeof error === 'object' && error !== null ? error : {}) as SdkError;
  const status = sdk.$metadata?.httpStatusCode;
  const code = status === undefined ? (sdk.code ?? sdk.name ?? 'Error') : (sdk.name ?? `HTTP ${status}`);
  const words = (sdk.message ?? String(error)).trim();
  if (isForeign(code, words)) return misunderstood(action, words.split('\n')[0] ?? '', status);
  // Not the SDK's own error: it holds the whole request, signature and access key included.
  const cause = Object.assign(new Error(words), { name: code });
  const message = `${action}: ${words}${words.includes(code) ? '' : ` (${code})`}`;
  const rule = rules.find((candidate) => candidate.codes.test(code));
  if (rule) {
    const advice = rule.advice ?? (rule.kind === 'denied' ? permissionAdvice(words, action) : undefined);
    // A throttled request was turned away at the door; any other refusal is an answer, too.
    return new AwsError(rule.kind, message, {
      code,
      ambiguous: false,
      cause,
      ...(advice ? { advice } : {}),
    });
  }
  // A broken answer (an XML error of the parser, a cut connection) says nothing of what was done.
  const transient = status === undefined ? lost.test(code) || isCut(words) : status >= 500 || status < 300;
  return new AwsError(transient ? 'transient' : 'invalid', message, {
    code,
    ambiguous: transient,
    cause,
  });
}

/** The client library could make nothing of it: a web page, or half of an answer. It is no word of AWS's, whatever its status. */
function isForeign(code: string, words: string): boolean {
  return code === 'Unknown' || words.includes('Deserialization error');
}

/** What was answered says nothing, also not whether the call was carried out. */
export function misunderstood(action: string, how: string, status?: number): AwsError {
  const where = status === undefined || status < 300 ? '' : ` (HTTP ${status})`;
  return new AwsError(
    'transient',
    `${action}: AWS's answer has another form than haup knows${where}: ${how}`,
    {
      code: 'Misunderstood',
      ambiguous: true,
      advice: 'Something between may have answered in its place (a proxy, AWS_ENDPOINT_URL).',
    },
  );
}

function isCut(words: string): boolean {
  return /socket hang up|aborted|premature|terminated|other side closed/i.test(words);
}

/** AWS names the missing permission in newer messages; otherwise it is the action's own. */
function permissionAdvice(words: string, action: string): string {
  const named = /perform:? ([a-z0-9-]+:[A-Za-z]+)/.exec(words)?.[1] ?? action;
  return `These credentials need the permission ${named}; docs/aws.md has the whole policy.`;
}
