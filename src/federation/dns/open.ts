import type { EtcdAddress } from './coredns/kv.ts';
import { DnsError } from './errors.ts';
import { parseDomain } from './settings.ts';
import type { DnsWriter } from './writer.ts';

/** Where a federation's records are kept. */
export type DnsTarget =
  | ({ readonly provider: 'coredns' } & EtcdAddress)
  /** Credentials: as every AWS tool takes them; on a machine of AWS', its role. */
  | { readonly provider: 'route53'; readonly zoneId?: string | undefined }
  /** Credentials: Google's Application Default Credentials; on a machine of theirs, its service account. */
  | {
      readonly provider: 'clouddns';
      readonly project?: string | undefined;
      readonly zoneName?: string | undefined;
    };

export type DnsProvider = DnsTarget['provider'];

type Open = (domain: string, target: never) => Promise<DnsWriter>;

/** Each is loaded when it is used: the clouds' clients are large. */
const WRITERS = {
  coredns: async (domain, target: EtcdAddress) =>
    (await import('./coredns/writer.ts')).corednsWriter({ domain, ...target }),
  route53: async (domain, { zoneId }: { zoneId?: string | undefined }) =>
    (await import('./route53/writer.ts')).route53Writer({ domain, zoneId }),
  clouddns: async (
    domain,
    { project, zoneName }: { project?: string | undefined; zoneName?: string | undefined },
  ) => (await import('./clouddns/writer.ts')).cloudDnsWriter({ domain, project, zoneName }),
} as const satisfies Readonly<Record<DnsProvider, Open>>;

export const DNS_PROVIDERS = Object.keys(WRITERS) as readonly DnsProvider[];

/** @throws DnsError of kind invalid for a zone without its final dot, or an etcd that cannot be asked */
export async function openZone(domain: string, target: DnsTarget): Promise<DnsWriter> {
  const zone = parseDomain(domain);
  const open = WRITERS[target.provider] as Open | undefined;
  if (open) return open(zone, target as never);
  throw new DnsError('invalid', `there is no DNS provider "${target.provider}"`, {
    advice: `name one of ${DNS_PROVIDERS.join(', ')}`,
  });
}
