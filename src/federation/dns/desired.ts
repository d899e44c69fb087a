import { isIPv4, isIPv6 } from 'node:net';
import type { ServiceName, Shard } from '../model/shard.ts';
import { type Level, levelOf, nameOf, type Place, upwards, whyNotName } from './names.ts';
import type { RecordSet } from './records.ts';
import type { DnsSettings } from './settings.ts';

/** Something about the records of a Service that somebody should know; the other names are as they should be. */
export interface DnsProblem {
  readonly kind: 'foreign' | 'no-name' | 'too-many';
  readonly service: ServiceName;
  readonly name: string;
  /** A sentence without its end. */
  readonly words: string;
}

export interface DesiredName {
  readonly name: string;
  readonly service: ServiceName;
  readonly level: Level;
  /** Of the healthy shards of this level, each once, sorted. */
  readonly addresses: readonly string[];
  /** The names one, two … levels up. */
  readonly above: readonly string[];
}

/**
 * More would not fit an answer that every resolver takes, nor one transaction of etcd's (128 operations) together with those that
 * they replace.
 */
const MOST_ADDRESSES = 25;

/**
 * The names of each Service at every place where the federation has a shard of any, nearest last: so a client in a zone where this
 * Service has none is led up too. An address that is a host name is not among them: whoever asks resolves those first.
 */
export function desiredNames(
  settings: DnsSettings,
  shards: readonly Shard[],
): { readonly names: readonly DesiredName[]; readonly problems: readonly DnsProblem[] } {
  const places = placesOf(shards.map(placeOf));
  const problems: DnsProblem[] = [];
  const names: DesiredName[] = [];
  for (const [service, own] of byService(shards)) {
    const healthy = own.filter(({ health }) => health === 'healthy');
    for (const place of places) {
      const name = nameOf(settings, service, place);
      const words = whyNotName(name, service, place);
      if (words) {
        problems.push({ kind: 'no-name', service, name, words });
        continue;
      }
      const all = addressesOf(healthy.filter((shard) => isAt(shard, place)));
      const addresses = [
        ...all.filter(isIPv4).slice(0, MOST_ADDRESSES),
        ...all.filter(isIPv6).slice(0, MOST_ADDRESSES),
      ];
      if (addresses.length < all.length)
        problems.push({
          kind: 'too-many',
          service,
          name,
          words: `${addresses.length} of its ${all.length} addresses are in DNS`,
        });
      const above = upwards(place)
        .slice(1)
        .filter((up) => !whyNotName(nameOf(settings, service, up), service, up))
        .map((up) => nameOf(settings, service, up));
      names.push({ name, service, level: levelOf(place), addresses, above });
    }
  }
  return { names, problems };
}

/** The records of a name: its addresses, else the name above it, else none. */
export function recordsOf({ name, addresses, above }: DesiredName, ttl: number): readonly RecordSet[] {
  const set = (type: string, values: readonly string[]): RecordSet[] =>
    values.length > 0 ? [{ name, type, ttl, values }] : [];
  const own = [...set('A', addresses.filter(isIPv4)), ...set('AAAA', addresses.filter(isIPv6))];
  return own.length > 0 ? own : set('CNAME', above.slice(0, 1));
}

function isAt(shard: Shard, { region, zone }: Place): boolean {
  const at = placeOf(shard);
  return region === '' || (at.region === region && (zone === '' || at.zone === zone));
}

/** Labels of nodes may have capitals, which mean nothing in DNS. */
function placeOf({ region, zone }: Place): Place {
  return { region: region.toLowerCase(), zone: zone.toLowerCase() };
}

function addressesOf(shards: readonly Shard[]): readonly string[] {
  const all = shards.flatMap(({ addresses }) => addresses).flatMap(canonical);
  return [...new Set(all)].sort();
}

/** One spelling for each address, so that what a zone gives back compares equal; none for what is no address. */
export function canonical(address: string): readonly string[] {
  if (isIPv4(address)) return [address];
  if (!isIPv6(address) || address.includes('%')) return [];
  return [new URL(`http://[${address}]`).hostname.slice(1, -1)];
}

/** Every zone, region and the top, the top first: what others lead to is there before them. */
function placesOf(shards: readonly Place[]): readonly Place[] {
  const places = new Map<string, Place>();
  for (const shard of shards)
    for (const place of upwards(shard)) places.set(`${place.region}/${place.zone}`, place);
  const all = [...places.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, place]) => place);
  const rank = ({ region, zone }: Place): number => (zone ? 2 : region ? 1 : 0);
  return all.sort((a, b) => rank(a) - rank(b));
}

function byService(shards: readonly Shard[]): readonly (readonly [ServiceName, readonly Shard[]])[] {
  const groups = new Map<string, { service: ServiceName; shards: Shard[] }>();
  for (const shard of shards) {
    const key = `${shard.service.namespace}/${shard.service.name}`;
    const group = groups.get(key) ?? { service: shard.service, shards: [] };
    group.shards.push(shard);
    groups.set(key, group);
  }
  return [...groups.values()].map((group) => [group.service, group.shards]);
}
