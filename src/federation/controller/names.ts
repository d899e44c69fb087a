import { systemClock } from '../../util/clock.ts';
import { messageOf } from '../../util/failure.ts';
import type { EtcdTls } from '../dns/coredns/post.ts';
import { openZone } from '../dns/open.ts';
import { type DnsRun, runDns } from '../dns/run.ts';
import { parseFederationName, parseTtl } from '../dns/settings.ts';
import { parseTarget } from '../dns/target.ts';
import { NAMESPACE } from '../model/names.ts';
import { type Api, find } from './api.ts';
import type { FederationSettings } from './settings.ts';

export interface NamesOptions {
  readonly api: Api;
  readonly settings: FederationSettings;
  /** Of the federation. */
  readonly uid: string;
  readonly log: (line: string) => void;
}

/** What the DNS etcd is asked with: keys `ca.crt`, `tls.crt` and `tls.key`. Whoever runs that etcd makes it. */
const SECRET = `/api/v1/namespaces/${NAMESPACE}/secrets/dns-etcd`;

/** Keeps the names of the federation's Services; null: it has none. Settings that cannot be used are a problem that stays, and stop nothing else. */
export async function openNames({ api, settings, uid, log }: NamesOptions): Promise<DnsRun | null> {
  const { federation, domain, ttl, dnsProvider, dns } = settings;
  if (dnsProvider === 'none' || domain === '') return null;
  try {
    const target = parseTarget(dnsProvider, dns);
    const checked = { federation: parseFederationName(federation), ttl: parseTtl(ttl) };
    const tls = target.provider === 'coredns' ? await etcdTls(api) : undefined;
    const writer = await openZone(domain, { ...target, ...(tls ? { tls } : {}) });
    return runDns({ ...checked, domain, owner: uid }, writer, { clock: systemClock, log });
  } catch (error) {
    log(`dns: ${messageOf(error)}`);
    return { shards() {}, problems: () => [messageOf(error)], close: async () => {} };
  }
}

async function etcdTls(api: Api): Promise<EtcdTls | undefined> {
  const secret = await find(api, SECRET);
  if (!secret) return undefined;
  const { data } = secret as { data?: Readonly<Record<string, string>> };
  const pem = (key: string): string => Buffer.from(data?.[key] ?? '', 'base64').toString('utf8');
  return { ca: pem('ca.crt'), cert: pem('tls.crt') || undefined, key: pem('tls.key') || undefined };
}
