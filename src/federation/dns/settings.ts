import type { ZoneSettings } from '../model/zone.ts';
import { DnsError } from './errors.ts';

/** What the names of a federation are made of, and whose they are. */
export interface DnsSettings extends ZoneSettings {
  /** Tells this federation's records from another's in the same zone: its uid. Letters, digits and dashes. */
  readonly owner: string;
}

/** Federation v1's. */
export const DEFAULT_TTL = 180;
/** Below it resolvers ask more often than records can change. */
export const LEAST_TTL = 10;
/** RFC 2181, section 8. */
const MOST_TTL = 2 ** 31 - 1;

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** `svc` divides a name's parts; CoreDNS' etcd plugin takes `any` for every name there is. */
const RESERVED: readonly string[] = ['svc', 'any'];

/** Whether it can stand between two dots of a federation's names (RFC 1123, section 2.1). */
export function isLabel(text: string): boolean {
  return LABEL.test(text);
}

/** Whether it can be the label of a region, a zone or a federation: those that divide names are not among them. */
export function isPlaceLabel(text: string): boolean {
  return isLabel(text) && !RESERVED.includes(text);
}

/**
 * A DNS zone's name as a user gave it, in lower case.
 * @throws DnsError of kind invalid: without its final dot it would be read as relative to whatever zone it is used in
 */
export function parseDomain(text: string): string {
  const domain = text.toLowerCase();
  if (!domain.endsWith('.')) {
    throw new DnsError('invalid', `the DNS zone "${text}" has no final dot`, {
      advice: `write it whole: ${domain}.`,
    });
  }
  const labels = domain.slice(0, -1).split('.');
  if (labels.length > 1 && labels.every(isLabel) && domain.length <= 200) return domain;
  throw new DnsError('invalid', `"${text}" is not the name of a DNS zone`, {
    advice: 'name one such as example.com.',
  });
}

/** @throws DnsError of kind invalid */
export function parseTtl(seconds: number): number {
  if (Number.isInteger(seconds) && seconds >= LEAST_TTL && seconds <= MOST_TTL) return seconds;
  throw new DnsError('invalid', `a time to live of ${seconds} seconds: it is ${LEAST_TTL} at least`, {
    advice: `${DEFAULT_TTL} is usual`,
  });
}

/** @throws DnsError of kind invalid for the name of a federation that cannot be a label of its names */
export function parseFederationName(name: string): string {
  if (isPlaceLabel(name)) return name;
  throw new DnsError(
    'invalid',
    `a federation cannot be called "${name}": its name is a label of DNS names (lower-case letters, digits and dashes, 63 at most; not "svc" or "any")`,
  );
}
