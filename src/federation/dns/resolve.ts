import { isIP } from 'node:net';
import type { Clock } from '../../util/clock.ts';
import type { Shard } from '../model/shard.ts';

/** All IPv4 and IPv6 addresses of a host name. Rejects when it has none, or nobody answered. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** Elastic Load Balancing gives its addresses a time to live of 60 s (AWS, "How Elastic Load Balancing works", request routing). */
const FRESH_MS = 60_000;
/** An answer that could not be had again is used for so long: a resolver that fails for a moment takes no shard out. */
const STALE_MS = 10 * 60_000;

/**
 * Puts addresses in the place of host names, which is what AWS gives for an ingress, with every writer alike. Why not a CNAME: a name
 * bears one, and a level has several shards; nor an alias of Route 53's: it leads to resources of AWS' own only, one for each name.
 * Federation v1 resolved, too.
 *
 * A host name that has no address leaves its shard without one.
 */
export function hostResolver(lookup: Lookup, clock: Pick<Clock, 'now'>) {
  const answers = new Map<string, { readonly addresses: readonly string[]; readonly at: number }>();

  async function resolve(host: string): Promise<readonly string[]> {
    const last = answers.get(host);
    if (last && clock.now() - last.at < FRESH_MS) return last.addresses;
    try {
      const addresses = await lookup(host);
      answers.set(host, { addresses, at: clock.now() });
      return addresses;
    } catch {
      return last && clock.now() - last.at < STALE_MS ? last.addresses : [];
    }
  }

  return async function withAddresses(shards: readonly Shard[]): Promise<readonly Shard[]> {
    const healthy = shards.filter(({ health }) => health === 'healthy');
    const hosts = new Set(healthy.flatMap(({ addresses }) => addresses).filter((one) => isIP(one) === 0));
    const found = new Map(
      await Promise.all([...hosts].map(async (host) => [host, await resolve(host)] as const)),
    );
    for (const host of answers.keys()) if (!hosts.has(host)) answers.delete(host);
    return shards.map((shard) => {
      const addresses = shard.addresses.flatMap((one) => found.get(one) ?? [one]);
      return { ...shard, addresses: [...new Set(addresses)].sort() };
    });
  };
}
