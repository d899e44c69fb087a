import { z } from 'zod';
import { shared } from '../../../util/shared.ts';
import { ANNOUNCE_PORT, ANNOUNCED_FOR_SECONDS } from '../../service-announcements.ts';
import { apiIp, gatewayIp, PRIVATE_RANGE, serviceRange } from '../address/addresses.ts';
import type { ClusterRecord } from '../state.ts';
import { execIn } from './netns.ts';

/**
 * The fabric's rules: which external address is whose, who is cut off, and the firewall. One nft table in the fabric's
 * own namespace, so that no rule of the host's can meet ours.
 */
export interface Translation {
  /** External address → private address. */
  readonly external: ReadonlyMap<string, string>;
  /** Private addresses of machines whose cable is unplugged, whatever goes over it. */
  readonly severed: ReadonlySet<string>;
  /** Private addresses. */
  readonly masters: ReadonlySet<string>;
  /** Private addresses. */
  readonly nodes: ReadonlySet<string>;
  /** Ranges of pods' addresses. */
  readonly pods: ReadonlySet<string>;
  /** Ranges of external addresses of the clusters that share a group with this one. */
  readonly peers: ReadonlySet<string>;
}

type SetName = Exclude<keyof Translation, 'external'>;
const SETS: readonly SetName[] = ['severed', 'masters', 'nodes', 'pods', 'peers'];

export const UPLINK = 'uplink';
/** What the names of links to other fabrics begin with. */
export const PEER = 'peer';
export const TABLE = 'haup';

/** The name of the fabric's end of a machine's link. */
export function portName(address: string): string {
  return `p${address.replaceAll('.', '-')}`;
}

/**
 * What goes through: from the operator to SSH, the API and Services; inside to the API, to nodes (API servers to kubelets,
 * pods to ports of nodes) and to pods; between masters etcd's peers. Connections that
 * a machine opens to an external address get its own external address as source, as a cloud's do: one that reaches
 * itself that way would otherwise see a packet from itself. Everything else is dropped in silence, and the fabric never
 * answers for a machine that is gone. Connections to Services get the mark of the node that they are for (service-nodes.ts).
 * To and from other fabrics of a group goes what is for an API address or a Service, and what a group's fabric sends on has the address
 * of its own end, as the private addresses behind it are every cluster's.
 */
function tableScript({ apiPort, slot }: ClusterRecord): string {
  return `table ip ${TABLE} {}
delete table ip ${TABLE}
table ip ${TABLE} {
  map external { type ipv4_addr : ipv4_addr; }
  map internal { type ipv4_addr : ipv4_addr; }
  set severed { type ifname; }
  set masters { type ipv4_addr; }
  set nodes { type ipv4_addr; }
  set pods { type ipv4_addr; flags interval; }
  set peers { type ipv4_addr; flags interval; }
  map marks { type ipv4_addr : mark; }
  set announced { type ipv4_addr . mark; flags dynamic,timeout; timeout ${ANNOUNCED_FOR_SECONDS}s; }
  chain services {
    type filter hook prerouting priority mangle; policy accept;
    ip daddr != ${serviceRange(slot)} accept
    iifname @severed drop
    udp dport ${ANNOUNCE_PORT} meta mark set ip saddr map @marks update @announced { ip daddr . meta mark } drop
    ip saddr ${PRIVATE_RANGE} udp dport ${ANNOUNCE_PORT} drop
    ct state established,related meta mark set ct mark accept
    jump choose
    ct mark set meta mark
  }
  chain choose {
  }
  chain translate {
    type nat hook prerouting priority dstnat; policy accept;
    dnat to ip daddr map @external
  }
  chain hairpin {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "${PEER}*" snat to ${gatewayIp(slot)}
    ip saddr ${PRIVATE_RANGE} ct status dnat snat to ip saddr map @internal
  }
  chain pass {
    type filter hook forward priority filter; policy drop;
    iifname @severed drop
    oifname @severed drop
    iifname "${PEER}*" ip saddr != @peers drop
    oifname "${PEER}*" ip daddr != @peers drop
    ct state established,related accept
    oifname "${UPLINK}" drop
    iifname "${PEER}*" oifname "${PEER}*" drop
    iifname "${PEER}*" ct original ip daddr ${apiIp(slot)} tcp dport ${apiPort} accept
    iifname "${PEER}*" ip daddr ${serviceRange(slot)} accept
    iifname "${PEER}*" drop
    iifname != "${UPLINK}" oifname "${PEER}*" accept
    icmp type echo-request accept
    iifname "${UPLINK}" ct status dnat tcp dport { 22, ${apiPort} } accept
    ip daddr ${serviceRange(slot)} accept
    iifname "${UPLINK}" drop
    tcp dport ${apiPort} accept
    ip saddr @masters ip daddr @masters tcp dport 2380 accept
    ip daddr @nodes accept
    ip daddr @pods accept
  }
  chain quiet {
    type filter hook output priority filter; policy accept;
    icmp type { destination-unreachable, redirect } drop
  }
}
`;
}

/** True when the whole table is there, as this release makes it; it is only ever made in one transaction. */
export async function rulesExist(namespace: string): Promise<boolean> {
  return (await readTranslation(namespace)) !== null;
}

export async function ensureRules(namespace: string, cluster: ClusterRecord): Promise<void> {
  if (!(await rulesExist(namespace))) await execIn(namespace, ['nft', '-f', '-'], tableScript(cluster));
}

const element = z.union([
  z.string(),
  z
    .object({ prefix: z.object({ addr: z.string(), len: z.number() }) })
    .transform(({ prefix }) => `${prefix.addr}/${prefix.len}`),
]);

const elements = z.array(element).default([]);
const pairs = z.array(z.tuple([z.string(), z.string()])).default([]);

const listing = z.object({
  nftables: z.array(
    z.object({
      table: z.object({ name: z.string() }).optional(),
      map: z.object({ name: z.string(), elem: z.unknown().optional() }).optional(),
      set: z.object({ name: z.string(), elem: z.unknown().optional() }).optional(),
    }),
  ),
});

/** What the rules in force say; null where there are none. */
export const readTranslation = shared(async (namespace: string): Promise<Translation | null> => {
  const text = await execIn(namespace, ['nft', '--json', 'list', 'ruleset']);
  const { nftables } = listing.parse(JSON.parse(text));
  if (!nftables.some((entry) => entry.table?.name === TABLE)) return null;
  const map = nftables.find((entry) => entry.map?.name === 'external')?.map;
  const sets = SETS.map((name) => nftables.find((entry) => entry.set?.name === name)?.set);
  // A table of an earlier release of haup counts as none.
  if (sets.some((set) => set === undefined)) return null;
  if (!nftables.some((entry) => entry.set?.name === 'announced')) return null;
  const [severed = [], masters, nodes, pods, peers] = sets.map((set) => elements.parse(set?.elem));
  return {
    external: new Map(pairs.parse(map?.elem)),
    severed: new Set(severed.map((port) => port.slice(1).replaceAll('-', '.'))),
    masters: new Set(masters),
    nodes: new Set(nodes),
    pods: new Set(pods),
    peers: new Set(peers),
  };
});

/**
 * Makes the rules say `wanted`, all differences in one transaction: no packet meets a state in between. Where there are none,
 * nothing is done.
 */
export async function applyTranslation(namespace: string, wanted: Translation): Promise<void> {
  const now = await readTranslation(namespace);
  if (!now) return;
  const script = differences(now, wanted);
  if (script !== '') await execIn(namespace, ['nft', '-f', '-'], script);
}

/** The nft script that turns `now` into `wanted`; empty when they are the same. */
export function differences(now: Translation, wanted: Translation): string {
  const lines = [
    ...mapDifferences('external', now.external, wanted.external),
    ...mapDifferences('internal', inverse(now.external), inverse(wanted.external)),
  ];
  for (const name of SETS) lines.push(...setDifferences(name, now[name], wanted[name]));
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function mapDifferences(
  name: string,
  now: ReadonlyMap<string, string>,
  wanted: ReadonlyMap<string, string>,
): string[] {
  const lines: string[] = [];
  for (const [key, value] of now) {
    if (wanted.get(key) !== value) lines.push(`delete element ip ${TABLE} ${name} { ${key} : ${value} }`);
  }
  for (const [key, value] of wanted) {
    if (now.get(key) !== value) lines.push(`add element ip ${TABLE} ${name} { ${key} : ${value} }`);
  }
  return lines;
}

function setDifferences(name: SetName, now: ReadonlySet<string>, wanted: ReadonlySet<string>): string[] {
  const written = (value: string) => (name === 'severed' ? `"${portName(value)}"` : value);
  const gone = [...now].filter((value) => !wanted.has(value));
  const come = [...wanted].filter((value) => !now.has(value));
  return [
    ...gone.map((value) => `delete element ip ${TABLE} ${name} { ${written(value)} }`),
    ...come.map((value) => `add element ip ${TABLE} ${name} { ${written(value)} }`),
  ];
}

/** Private → external. A private address has one external address at a time. */
function inverse(external: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...external].map(([outside, inside]) => [inside, outside]));
}
