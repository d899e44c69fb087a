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
  readonly settings: FederationSettings;
  /** As `namesSecret` reads it. */
  readonly secret: NamesSecret | null;
  /** Of the federation. */
  readonly uid: string;
  readonly log: (line: string) => void;
}

/** What the DNS etcd is asked with: PEM in base64, by `ca.crt`, `tls.crt` and `tls.key`. */
export type NamesSecret = Readonly<Record<string, string>>;

/** Whoever runs that etcd makes it, and makes it anew when its certificates end. */
const SECRET = `/api/v1/namespaces/${NAMESPACE}/secrets/dns-etcd`;

/** Null: there is none, or these settings need none. @throws as find: that it could not be read does not mean that there is none */
export async function namesSecret(
  api: Api,
  { dnsProvider }: FederationSettings,
  signal: AbortSignal,
): Promise<NamesSecret | null> {
  if (dnsProvider !== 'coredns') return null;
  const secret = await find(api, SECRET, { signal });
  return secret && ((secret.data ?? {}) as NamesSecret);
}

/** Keeps the names of the federation's Services; null: it has none. Settings that cannot be used are a problem that stays, and stop nothing else. */
export async function openNames({ settings, secret, uid, log }: NamesOptions): Promise<DnsRun | null> {
  const { federation, domain, ttl, dnsProvider, dns } = settings;
  if (dnsProvider === 'none' || domain === '') return null;
  try {
    const target = parseTarget(dnsProvider, dns);
    const checked = { federation: parseFederationName(federation), ttl: parseTtl(ttl) };
    const writer = await openZone(domain, { ...target, ...(secret ? { tls: tlsOf(secret) } : {}) });
    return runDns({ ...checked, domain, owner: uid }, writer, { clock: systemClock, log });
  } catch (error) {
    log(`dns: ${messageOf(error)}`);
    return { shards() {}, problems: () => [messageOf(error)], close: async () => {} };
  }
}

function tlsOf(secret: NamesSecret): EtcdTls {
  const pem = (key: string): string => Buffer.from(secret[key] ?? '', 'base64').toString('utf8');
  return { ca: pem('ca.crt'), cert: pem('tls.crt') || undefined, key: pem('tls.key') || undefined };
}
