import { z } from 'zod';
import type { Remedies } from '../../../util/remedy.ts';
import { parseJson } from '../../../util/text/json.ts';
import { ProviderError, type ProviderErrorKind } from '../../errors.ts';

/** A {@link ProviderError} with the cloud's own code for it, by which the provider decides. */
export class GceError extends ProviderError {
  /** `notFound`, `alreadyExists`, `ZONE_RESOURCE_POOL_EXHAUSTED`, `ECONNRESET`, … */
  readonly reason: string;
  /** The cloud's own Retry-After, if it gave one. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: ProviderErrorKind,
    reason: string,
    message: string,
    options: { advice?: Remedies | undefined; retryAfterMs?: number | undefined } = {},
  ) {
    // The client's error is not kept as `cause`: its request configuration can hold an access token.
    super(kind, message, options.advice === undefined ? {} : { advice: options.advice });
    this.reason = reason;
    this.retryAfterMs = options.retryAfterMs;
  }
}

const apiError = z.object({
  error: z.object({
    code: z.number().optional(),
    message: z.string().default(''),
    status: z.string().optional(),
    errors: z
      .array(z.object({ reason: z.string().default(''), message: z.string().default('') }))
      .default([]),
    details: z.array(z.object({ reason: z.string().optional() })).default([]),
  }),
});
/** What the OAuth 2.0 token endpoint says (RFC 6749, section 5.2). */
const tokenError = z.object({ error: z.string(), error_description: z.string().default('') });

interface HttpFailure {
  readonly status?: number;
  readonly code?: string | number;
  readonly message?: string;
  readonly response?: { readonly data?: unknown; readonly headers?: { get?(name: string): string | null } };
}

/** Where the number alone says enough: log in again, wait. Any other refusal of Google's is JSON, with its reason. */
const SPEAKING: readonly number[] = [401, 408, 429];

/** What has another form says nothing: it is asked again another time, and nothing is planned. */
export function misunderstood(what: string, how: string): GceError {
  return new GceError(
    'transient',
    'misunderstood',
    `${what}: Compute Engine's answer has another form than haup knows: ${short(how)}`,
    {
      advice:
        'Something between may have answered in its place (a proxy, CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE).',
    },
  );
}

/** Of the cloud's own words what somebody reads: a line. */
function short(words: string): string {
  const line = words.replace(/\s*[\r\n]+\s*/g, ' ');
  return line.length > 1000 ? `${line.slice(0, 1000)}…` : line;
}

const LOGIN = 'Log in again: gcloud auth application-default login.';

/** Sorts what a REST call threw (a GaxiosError: `status` is the HTTP number) into our kinds. */
export function classify(thrown: unknown, what: string, project: string): GceError {
  if (thrown instanceof GceError) return thrown;
  const failure = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as HttpFailure;
  const data =
    typeof failure.response?.data === 'string' ? parseJson(failure.response.data) : failure.response?.data;
  const api = apiError.safeParse(data);
  const token = tokenError.safeParse(data);
  if (token.success && failure.status !== undefined && failure.status < 500) {
    const words = short(token.data.error_description || token.data.error);
    return new GceError('denied', token.data.error, `${what}: the login was refused: ${words}`, {
      advice: LOGIN,
    });
  }
  const status = failure.status ?? (api.success ? api.data.error.code : undefined);
  const message = short((api.success && api.data.error.message) || failure.message || String(thrown));
  if (status === undefined) return withoutAnswer(failure, what, message);
  if (!api.success && status < 500 && !SPEAKING.includes(status))
    return misunderstood(what, `HTTP ${status}, and no word of its own`);
  const error = api.success ? api.data.error : undefined;
  const reason = error?.details.find((detail) => detail.reason)?.reason ?? error?.errors[0]?.reason ?? '';
  const after = Number(failure.response?.headers?.get?.('retry-after'));
  return new GceError(kindOfStatus(status, reason), reason || String(status), `${what}: ${message}`, {
    advice: adviceFor(status, reason, message, project),
    retryAfterMs: after > 0 ? after * 1000 : undefined,
  });
}

/** An operation that ended in an error resolves as DONE; its codes are not the HTTP reasons. */
export function classifyOperation(
  errors: readonly { readonly code?: string | undefined; readonly message?: string | undefined }[],
  httpStatus: number | undefined,
  what: string,
  project: string,
): GceError {
  const code = errors[0]?.code || `HTTP ${httpStatus ?? 'error'}`;
  const message = short(errors.map((error) => error.message || error.code).join('; ') || code);
  const kind =
    OPERATION_KINDS.find(([pattern]) => pattern.test(code))?.[1] ?? kindOfStatus(httpStatus ?? 400, '');
  const status = kind === 'denied' ? 403 : kind === 'quota' ? 0 : (httpStatus ?? 0);
  return new GceError(kind, code, `${what}: ${message}`, {
    advice: adviceFor(status, code, message, project),
  });
}

/** Codes seen in `Operation.error.errors[].code` (compute v1 reference, "Troubleshooting resource availability"). */
const OPERATION_KINDS: readonly (readonly [RegExp, ProviderErrorKind])[] = [
  [/^(ZONE_RESOURCE_POOL_EXHAUSTED|STOCKOUT|RESOURCE_POOL_EXHAUSTED|QUOTA_EXCEEDED|LIMIT_EXCEEDED)/, 'quota'],
  [/IN_USE_BY_ANOTHER_RESOURCE|ALREADY_EXISTS|^CONDITION_NOT_MET/, 'conflict'],
  [/NOT_FOUND/, 'not-found'],
  [/^PERMISSION|FORBIDDEN/, 'denied'],
  [/RATE|NOT_READY|INTERNAL|BACKEND|UNAVAILABLE|CANCELED|TIMEOUT/, 'transient'],
];

function kindOfStatus(status: number, reason: string): ProviderErrorKind {
  if (/rateLimitExceeded|RATE_LIMIT_EXCEEDED|resourceNotReady|backendError/i.test(reason)) return 'transient';
  if (/quotaExceeded|limitExceeded/i.test(reason)) return 'quota';
  if (/InUse|IN_USE/.test(reason)) return 'conflict';
  if (status === 401 || status === 403) return 'denied';
  if (status === 404) return 'not-found';
  if (status === 409 || status === 412) return 'conflict';
  if (status === 408 || status === 429 || status >= 500) return 'transient';
  return 'invalid';
}

function adviceFor(status: number, reason: string, message: string, project: string): string | undefined {
  if (status === 401) return LOGIN;
  if (/accessNotConfigured|SERVICE_DISABLED/.test(reason))
    return `Enable the Compute Engine API: gcloud services enable compute.googleapis.com --project ${project}.`;
  if (status === 403) {
    const permission = /compute\.[A-Za-z]+\.[A-Za-z]+/.exec(message)?.[0];
    return permission
      ? `Give this account the permission ${permission} in project ${project}; docs/gce.md has the whole list.`
      : `Give this account the permissions that docs/gce.md lists in project ${project}.`;
  }
  if (/^(ZONE_RESOURCE_POOL|STOCKOUT|RESOURCE_POOL)/.test(reason)) return 'Try again later, or another zone.';
  if (/quotaExceeded|QUOTA_EXCEEDED|limitExceeded|LIMIT_EXCEEDED/i.test(reason))
    return `Ask for a higher quota in project ${project} (console: IAM & Admin, Quotas), or free what is not needed.`;
  return undefined;
}

function withoutAnswer(failure: HttpFailure, what: string, message: string): GceError {
  if (/Could not load the default credentials|Could not refresh access token/i.test(message))
    return new GceError('denied', 'noCredentials', `${what}: ${message}`, { advice: LOGIN });
  // The client's own reader, of what is no JSON, or holds another type than the API's description says.
  if (/fromProto3JSON|^Received |valid JSON|^Unexpected (token|end|non-whitespace)|in JSON at/i.test(message))
    return misunderstood(what, message.split('\n')[0]!.slice(0, 300));
  const network =
    typeof failure.code === 'string' || /socket|network|abort|timed? ?out|terminated/i.test(message);
  if (network)
    return new GceError(
      'transient',
      String(failure.code ?? 'network'),
      `${what}: no answer from Compute Engine: ${message}`,
    );
  // The client found nothing where the API's description has something.
  if (failure instanceof TypeError) return misunderstood(what, message.split('\n')[0]!.slice(0, 300));
  return new GceError('invalid', 'client', `${what}: ${message}`);
}
