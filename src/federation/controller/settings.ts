import { DEFAULT_TTL } from '../dns/settings.ts';
import { type Fields, fieldsOf } from '../model/object.ts';
import type { ZoneSettings } from '../model/zone.ts';

/** What `haup federation init` was told, as it lies in the federation: a ConfigMap's data. */
export interface FederationSettings extends ZoneSettings {
  /** `coredns`, `route53`, `clouddns`; `none`: no names are written. */
  readonly dnsProvider: string;
  /** What the writer of that provider is told besides: not secret. */
  readonly dns: Fields;
}

export function readSettings(data: Readonly<Record<string, string>>): FederationSettings {
  return {
    federation: data.name ?? '',
    domain: data.dnsZone ?? '',
    ttl: Number(data.ttl ?? DEFAULT_TTL),
    dnsProvider: data.dnsProvider ?? 'none',
    dns: data.dns === undefined ? {} : fieldsOf(JSON.parse(data.dns)),
  };
}

export function settingsData(settings: FederationSettings): Record<string, string> {
  return {
    name: settings.federation,
    dnsZone: settings.domain,
    ttl: String(settings.ttl),
    dnsProvider: settings.dnsProvider,
    dns: JSON.stringify(settings.dns),
  };
}
