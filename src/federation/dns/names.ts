import type { ServiceName } from '../model/shard.ts';
import { markNameOf } from './records.ts';
import { type DnsSettings, isLabel, isPlaceLabel } from './settings.ts';

/** From the nearest to the farthest. */
export const LEVELS = ['zone', 'region', 'global'] as const;
export type Level = (typeof LEVELS)[number];

/** Where a member is. Empty where it is not known: then it has no names of its own at that level. */
export interface Place {
  readonly region: string;
  readonly zone: string;
}

/** RFC 1035, section 2.3.4: 255 octets with the lengths of the labels, which are 253 characters without the final dot. */
const LONGEST = 253;

/**
 * `<service>.<namespace>.<federation>.svc.[[<zone>.]<region>.]<domain>`, as Federation v1 names a Service
 * (kubernetes-retired/federation, pkg/federation-controller/service/dns/dns.go).
 */
export function nameOf(
  settings: Pick<DnsSettings, 'federation' | 'domain'>,
  { name, namespace }: ServiceName,
  { region, zone }: Place,
): string {
  const place = region ? [zone, region].filter(Boolean) : [];
  return [name, namespace, settings.federation, 'svc', ...place, settings.domain].join('.').toLowerCase();
}

export function levelOf({ region, zone }: Place): Level {
  if (zone) return 'zone';
  return region ? 'region' : 'global';
}

/** The place and those above it, which its name leads to. */
export function upwards({ region, zone }: Place): readonly Place[] {
  const nowhere = { region: '', zone: '' };
  if (!region) return [nowhere];
  return [...(zone ? [{ region, zone }] : []), { region, zone: '' }, nowhere];
}

/** Why there can be no such name; null where there can. */
export function whyNotName(name: string, service: ServiceName, place: Place): string | null {
  for (const label of [service.name, service.namespace])
    if (!isLabel(label) || label === 'any') return `"${label}" cannot be a label of a DNS name`;
  for (const label of [place.zone, place.region])
    if (label && !isPlaceLabel(label.toLowerCase())) return `"${label}" cannot be a label of a DNS name`;
  if (markNameOf(name).length - 1 > LONGEST) return 'it would be longer than a DNS name can be';
  return null;
}
