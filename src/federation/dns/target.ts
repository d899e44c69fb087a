import { z } from 'zod';
import { DnsError } from './errors.ts';
import type { DnsTarget } from './open.ts';

const text = z.string().min(1);
const target = z.discriminatedUnion('provider', [
  z.object({
    provider: z.literal('coredns'),
    endpoints: z.array(text).min(1),
  }),
  z.object({ provider: z.literal('route53'), zoneId: text.optional() }),
  z.object({ provider: z.literal('clouddns'), project: text.optional(), zoneName: text.optional() }),
]);

/**
 * Where records are kept, from what lies in a federation: a provider's name and what it is told besides.
 * @throws DnsError of kind invalid
 */
export function parseTarget(provider: string, options: Readonly<Record<string, unknown>>): DnsTarget {
  const parsed = target.safeParse({ ...options, provider });
  if (parsed.success) return parsed.data as DnsTarget;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') || 'provider';
  throw new DnsError(
    'invalid',
    `the settings of the DNS provider "${provider}": ${where}: ${issue?.message}`,
  );
}
