import { isIPv4 } from 'node:net';
import type { GceCloud } from './cloud.ts';
import type { Message, Store } from './store.ts';

/**
 * The rules that Google itself puts into the network `default` of every project, all at priority 65534 (VPC documentation,
 * "Pre-populated rules in the default network").
 */
export function prepopulate(store: Store): void {
  const tcp = (...ports: string[]) => ({ IPProtocol: 'tcp', ports });
  const rules: Readonly<Record<string, readonly [from: string, ...allowed: object[]]>> = {
    'default-allow-icmp': ['0.0.0.0/0', { IPProtocol: 'icmp' }],
    'default-allow-internal': [
      '10.128.0.0/9',
      tcp('0-65535'),
      { IPProtocol: 'udp', ports: ['0-65535'] },
      { IPProtocol: 'icmp' },
    ],
    'default-allow-rdp': ['0.0.0.0/0', tcp('3389')],
    'default-allow-ssh': ['0.0.0.0/0', tcp('22')],
  };
  for (const [name, [from, ...allowed]] of Object.entries(rules)) {
    const network = store.link('global/networks/default');
    const message = { name, network, direction: 'INGRESS', priority: 65_534, sourceRanges: [from], allowed };
    store.add(`global/firewalls/${name}`, 'firewall', message, false, true);
  }
}

export interface Packet {
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  readonly port?: number;
  /** Its source address. */
  readonly from: string;
  /** Where it goes, if not to the instance's own address. */
  readonly to?: string;
  /** The network tags of the instance whose internal address is `from`: none of a pod's, none of an external one. */
  readonly tags?: readonly string[];
}

/**
 * Whether the network lets a packet in to an instance with these tags: the rule with the lowest priority number that applies
 * decides, a denial before a permission at the same number, and what no rule applies to is denied (VPC documentation, "Firewall
 * rules": priority, implied rules).
 */
export function admits(
  cloud: GceCloud,
  network: string,
  targetTags: readonly string[],
  packet: Packet,
): boolean {
  const decisive = cloud.store
    .withGiven('firewalls')
    .map(({ message }) => message)
    .filter((rule) => rule.disabled !== true && (rule.direction ?? 'INGRESS') === 'INGRESS')
    .filter((rule) => String(rule.network).endsWith(`global/networks/${network}`))
    .filter((rule) => rule.targetTags === undefined || overlap(rule.targetTags, targetTags))
    .filter((rule) => comesFrom(rule, packet) && goesTo(rule, packet) && isAbout(rule, packet))
    .sort((a, b) => priority(a) - priority(b) || Number(isDenial(b)) - Number(isDenial(a)))[0];
  return decisive !== undefined && !isDenial(decisive);
}

function priority(rule: Message): number {
  return Number(rule.priority ?? 1000);
}

function isDenial(rule: Message): boolean {
  return ((rule.denied as unknown[] | undefined) ?? []).length > 0;
}

function overlap(some: unknown, others: readonly string[]): boolean {
  return (some as string[]).some((each) => others.includes(each));
}

/** Ranges or tags: either is enough. With neither, everybody. */
function comesFrom({ sourceRanges, sourceTags }: Message, { from, tags = [] }: Packet): boolean {
  if (sourceRanges === undefined && sourceTags === undefined) return true;
  const ranges = (sourceRanges as string[] | undefined) ?? [];
  return overlap(sourceTags ?? [], tags) || ranges.some((range) => contains(range, from));
}

/** A rule with destination ranges is about packets to these alone (compute v1 reference, `destinationRanges`). */
function goesTo({ destinationRanges }: Message, { to }: Packet): boolean {
  if (destinationRanges === undefined) return true;
  return to !== undefined && (destinationRanges as string[]).some((range) => contains(range, to));
}

function isAbout(rule: Message, { protocol, port }: Packet): boolean {
  const parts = (isDenial(rule) ? rule.denied : rule.allowed) as { IPProtocol: string; ports?: string[] }[];
  return parts.some(
    (part) =>
      part.IPProtocol === 'all' ||
      (part.IPProtocol === protocol &&
        (part.ports === undefined || part.ports.some((range) => within(range, port)))),
  );
}

function within(range: string, port: number | undefined): boolean {
  const [first = 0, last = first] = range.split('-').map(Number);
  return port !== undefined && first <= port && port <= last;
}

function contains(range: string, address: string): boolean {
  const [base = '', bits = '32'] = range.split('/');
  if (!isIPv4(base)) return false;
  const size = 2 ** (32 - Number(bits));
  return Math.floor(numberOf(base) / size) === Math.floor(numberOf(address) / size);
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
}
