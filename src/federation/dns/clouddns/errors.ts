import { z } from 'zod';
import { parseJson } from '../../../util/text/json.ts';
import { DnsError } from '../errors.ts';

const body = z.object({
  error: z.object({
    message: z.string().default(''),
    errors: z.array(z.object({ reason: z.string().default('') })).default([]),
  }),
});

interface ClientError {
  readonly code?: number | string;
  readonly message?: string;
  readonly response?: { readonly body?: unknown };
}

/** 429, and 403 or 503 whose reason says that there were too many (Cloud DNS, Quotas; API errors of Google's). */
export function isLater(error: unknown): boolean {
  const { code } = error as ClientError;
  return code === 429 || /rateLimitExceeded|userRateLimitExceeded/i.test(read(error).reason);
}

/** Any failure of a call as one of the few kinds, Cloud DNS' own words kept. */
export function cloudDnsError(error: unknown, permission: string, domain: string): DnsError {
  if (error instanceof DnsError) return error;
  const { code } = error as ClientError;
  const { reason, words } = read(error);
  const said = `Cloud DNS: ${words}${reason ? ` (${reason})` : ''}`;
  if (
    code === 401 ||
    /Could not (load the default credentials|refresh access token)|invalid_grant|Unable to detect a Project Id/i.test(
      words,
    )
  )
    return new DnsError('denied', said, {
      advice: 'log in again: gcloud auth application-default login, or give the machine a service account',
    });
  if (/accessNotConfigured|SERVICE_DISABLED/.test(reason))
    return new DnsError('denied', said, {
      advice: 'enable the Cloud DNS API: gcloud services enable dns.googleapis.com',
    });
  if (/quota|limitExceeded|TooMany/i.test(reason))
    return new DnsError('full', said, {
      advice: 'ask for a higher quota of Cloud DNS (console: IAM & Admin, Quotas)',
    });
  if (code === 403)
    return new DnsError('denied', said, { advice: `give this account the permission ${permission}` });
  // A set to delete that is not there or differs, a set to add that is there, a CNAME beside another record.
  if (permission === 'dns.changes.create') {
    const isSet = /entity\.change|resource record set|rrset/i.test(words);
    if (
      code === 412 ||
      code === 409 ||
      (code === 404 && isSet) ||
      /cnameResourceRecordSetConflict/.test(reason)
    )
      return new DnsError('changed', said);
  }
  if (code === 404)
    return new DnsError('no-zone', said, { advice: `is this the project that has the zone ${domain}?` });
  return new DnsError(typeof code === 'number' && code < 500 ? 'invalid' : 'trouble', said);
}

function read(error: unknown): { readonly reason: string; readonly words: string } {
  const { message = String(error), response } = error as ClientError;
  const answer = typeof response?.body === 'string' ? parseJson(response.body) : response?.body;
  const parsed = body.safeParse(answer);
  const reason = parsed.success ? (parsed.data.error.errors[0]?.reason ?? '') : '';
  const words = (parsed.success && parsed.data.error.message) || message;
  return { reason, words: words.trim().split('\n')[0]!.slice(0, 500) };
}
