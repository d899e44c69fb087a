import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import { parseJson } from '../../../util/text/json.ts';
import { canonical } from '../desired.ts';
import { markedName, markNameOf, type RecordSet } from '../records.ts';

/**
 * Where a zone's records are below `/skydns`, for CoreDNS' etcd plugin (plugin/etcd, README and etcd.go):
 *
 * - A name's key is its labels from the top: `/skydns/com/example/eu/svc/fed/ns/web`. The plugin answers with all that is below a name's
 *   key. With `svc` between a name's four labels and its place no name of a federation is below another: a region's answer has nothing of its zones'.
 * - One record is the key itself: a CNAME's question is answered from there alone. Of several, each is one key below it (`…/web/x0`, `x1`),
 *   and the key itself holds the first once more, which is then looked at by nobody but those who ask for a CNAME: without it they were told
 *   that there is no such name.
 * - Marks are apart, below the zone's own `_haup`: below their name they would be part of its answer. They can be asked for as TXT there.
 */
export interface Entry {
  readonly key: string;
  readonly value: string;
}

const ROOT = '/skydns';
const CHILD = /^x[0-9]+$/;

const service = z.strictObject({ host: z.string(), ttl: z.number().default(300) });
const text = z.strictObject({ text: z.string(), ttl: z.number().default(300) });

/** The keys of the zone are this one, and those below it. */
export function zoneKey(domain: string): string {
  return keyOf(domain);
}

/** The key of a name. @param name with its final dot */
function keyOf(name: string): string {
  return [ROOT, ...name.slice(0, -1).split('.').reverse()].join('/');
}

/** The key that a name's records are at, and below which they are; a mark's own. */
export function placeOf(name: string, domain: string): string {
  const marked = markedName(name);
  if (marked === null) return keyOf(name);
  return keyOf(`${marked.slice(0, -domain.length)}${MARKS}.${domain}`);
}

const MARKS = '_haup';

/** The keys of a name's records, its mark among them. */
export function entriesOf(sets: readonly RecordSet[], domain: string): readonly Entry[] {
  const marks = sets.filter(({ type }) => type === 'TXT');
  const records = sets.filter(({ type }) => type !== 'TXT');
  const hosts = records.flatMap(({ name, ttl, values }) =>
    values.map((value) => ({
      key: placeOf(name, domain),
      value: JSON.stringify({ host: unrooted(value), ttl }),
    })),
  );
  const below =
    hosts.length > 1 ? hosts.map(({ key, value }, index) => ({ key: `${key}/x${index}`, value })) : [];
  return [
    ...marks.map(({ name, ttl, values }) => ({
      key: placeOf(name, domain),
      value: JSON.stringify({ text: values[0], ttl }),
    })),
    ...hosts.slice(0, 1),
    ...below,
  ];
}

/** A CNAME's target is written without its final dot, as everybody else does. */
function unrooted(value: string): string {
  return value.endsWith('.') ? value.slice(0, -1) : value;
}

/** What is at one place: a name's own records or a mark, and which keys they are in. */
export interface PlaceRead {
  readonly name: string;
  readonly sets: readonly RecordSet[];
  /** Of records that have the form of ours. */
  readonly keys: readonly string[];
}

/** Sorts what is below the zone's key into names. Whatever has not our form is `special` at the name whose answer it would be in. */
export function readPlaces(entries: readonly Entry[], domain: string): readonly PlaceRead[] {
  const places = new Map<string, { own: Entry[]; others: Entry[] }>();
  for (const entry of entries) {
    const { name, ours } = nameOfKey(entry, domain);
    const place = places.get(name) ?? { own: [], others: [] };
    places.set(name, place);
    (ours ? place.own : place.others).push(entry);
  }
  return [...places].map(([name, { own, others }]) => ({
    name,
    keys: own.map(({ key }) => key),
    sets: [
      ...setsOf(name, own, placeOf(name, domain)),
      ...others.map(({ key }) => ({ name, type: 'ANY', ttl: 0, values: [], special: `etcd key ${key}` })),
    ],
  }));
}

/** Whose answer a key is part of, and whether it is where ours would be and says no more than ours say. */
function nameOfKey({ key, value }: Entry, domain: string): { readonly name: string; readonly ours: boolean } {
  const labels = key.slice(zoneKey(domain).length + 1).split('/');
  if (labels[0] === MARKS)
    return {
      name: markNameOf(named(labels.slice(1), domain)),
      ours: text.safeParse(parseJson(value)).success,
    };
  // [region, [zone,]] svc, federation, namespace, service: what is deeper is part of the service's answer.
  const divide = labels.slice(0, 3).indexOf('svc');
  const whole = divide >= 0 ? divide + 4 : labels.length;
  const name = named(labels.slice(0, whole), domain);
  const depth = labels.length - whole;
  const placed = depth === 0 || (depth === 1 && CHILD.test(labels.at(-1)!));
  return { name, ours: placed && service.safeParse(parseJson(value)).success };
}

function named(labels: readonly string[], domain: string): string {
  return [...labels].reverse().concat(domain).join('.');
}

function setsOf(name: string, entries: readonly Entry[], place: string): readonly RecordSet[] {
  if (markedName(name) !== null)
    return entries.map(({ value }) => {
      const mark = text.parse(parseJson(value));
      return { name, type: 'TXT', ttl: mark.ttl, values: [mark.text] };
    });
  const read = entries.map(({ key, value }) => ({ key, ...service.parse(parseJson(value)) }));
  const below = read.filter(({ key }) => key !== place);
  const first = read.find(({ key }) => key === place);
  const answered = below.length > 0 ? below : read;
  // A first key that is missing, or says something else than those below, is put right by the set being written again.
  const isWhole =
    first !== undefined && answered.some(({ host, ttl }) => host === first.host && ttl === first.ttl);
  const groups = new Map<string, typeof read>();
  for (const one of answered) groups.set(typeOf(one.host), [...(groups.get(typeOf(one.host)) ?? []), one]);
  return [...groups].map(([type, of]) => {
    const ttls = new Set(of.map(({ ttl }) => ttl));
    const values = of.map(({ host }) => (type === 'CNAME' ? `${host}.` : (canonical(host)[0] ?? host)));
    return {
      name,
      type,
      ttl: ttls.size === 1 && isWhole ? of[0]!.ttl : 0,
      values: [...new Set(values)].sort(),
    };
  });
}

function typeOf(host: string): string {
  if (isIPv4(host)) return 'A';
  return isIPv6(host) ? 'AAAA' : 'CNAME';
}
