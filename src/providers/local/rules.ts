import { z } from 'zod';
import { shared } from '../../util/shared.ts';
import { PRIVATE_RANGE } from './addresses.ts';
import { execIn } from './netns.ts';

/**
 * The fabric's rules: which external address is whose, who is cut off, and the firewall. One nft table in the fabric's
 * own namespace, so that no rule of the host's can meet ours.
 */
export interface Translation {
  /** External address → private address. */
  readonly external: ReadonlyMap<string, string>;
  /** Private addresses whose cable is unplugged. */
  readonly severed: ReadonlySet<string>;
}

export const UPLINK = 'uplink';
const TABLE = 'haup';

/**
 * What goes through: from the operator to SSH and the API; between machines the API and etcd's peers. Connections that
 * a machine opens to an external address get its own external address as source, as a cloud's do: one that reaches
 * itself that way would otherwise see a packet from itself. Everything else is dropped in silence, and the fabric never
 * answers for a machine that is gone.
 */
function tableScript(apiPort: number): string {
  return `table ip ${TABLE} {
  map external { type ipv4_addr : ipv4_addr; }
  map internal { type ipv4_addr : ipv4_addr; }
  set severed { type ipv4_addr; }
  chain translate {
    type nat hook prerouting priority dstnat; policy accept;
    dnat to ip daddr map @external
  }
  chain hairpin {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${PRIVATE_RANGE} ct status dnat snat to ip saddr map @internal
  }
  chain pass {
    type filter hook forward priority filter; policy drop;
    ip saddr @severed drop
    ip daddr @severed drop
    ct state established,related accept
    oifname "${UPLINK}" drop
    icmp type echo-request accept
    iifname "${UPLINK}" ct status dnat tcp dport { 22, ${apiPort} } accept
    iifname != "${UPLINK}" tcp dport { 2380, ${apiPort} } accept
  }
  chain quiet {
    type filter hook output priority filter; policy accept;
    icmp type { destination-unreachable, redirect } drop
  }
}
`;
}

/** True when the whole table is there; it is only ever made in one transaction. */
export async function rulesExist(namespace: string): Promise<boolean> {
  return (await readTranslation(namespace)) !== null;
}

export async function ensureRules(namespace: string, apiPort: number): Promise<void> {
  if (!(await rulesExist(namespace))) await execIn(namespace, ['nft', '-f', '-'], tableScript(apiPort));
}

const listing = z.object({
  nftables: z.array(
    z.object({
      table: z.object({ name: z.string() }).optional(),
      map: z
        .object({ name: z.string(), elem: z.array(z.tuple([z.string(), z.string()])).default([]) })
        .optional(),
      set: z.object({ name: z.string(), elem: z.array(z.string()).default([]) }).optional(),
    }),
  ),
});

/** What the rules in force say; null where there are none. */
export const readTranslation = shared(async (namespace: string): Promise<Translation | null> => {
  const text = await execIn(namespace, ['nft', '--json', 'list', 'ruleset']);
  const { nftables } = listing.parse(JSON.parse(text));
  if (!nftables.some((entry) => entry.table?.name === TABLE)) return null;
  const map = nftables.find((entry) => entry.map?.name === 'external')?.map;
  const set = nftables.find((entry) => entry.set?.name === 'severed')?.set;
  return { external: new Map(map?.elem), severed: new Set(set?.elem) };
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
  for (const ip of now.severed)
    if (!wanted.severed.has(ip)) lines.push(`delete element ip ${TABLE} severed { ${ip} }`);
  for (const ip of wanted.severed)
    if (!now.severed.has(ip)) lines.push(`add element ip ${TABLE} severed { ${ip} }`);
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

/** Private → external. A private address has one external address at a time. */
function inverse(external: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...external].map(([outside, inside]) => [inside, outside]));
}
