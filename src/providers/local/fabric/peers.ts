import { z } from 'zod';
import { externalRange, gatewayIp } from '../address/addresses.ts';
import { withLock } from '../host/flock.ts';
import { fabricNamespace, linkName } from '../names.ts';
import { clusterKey, STATE_ROOT } from '../paths.ts';
import { type ClusterRecord, readClusters, readGroups } from '../state.ts';
import { execIn, ip, linkExists, linksIn, namespaceExists } from './netns.ts';
import { PEER } from './rules.ts';

/**
 * Links between the fabrics of a group's clusters, one for each two of them. Over the host there would be its forwarding switch and its
 * firewall between them. Each end leads to the other cluster's external addresses; the rules say what may go there.
 */

/** A cluster that shares a group with another. */
export interface Peer {
  readonly key: string;
  readonly slot: number;
}

/** By what is remembered, whether or not it has a fabric. */
export async function peersOf(key: string): Promise<Peer[]> {
  const groups = (await readGroups(key)) ?? [];
  if (groups.length === 0) return [];
  const others = (await readClusters())
    .map((record) => ({ key: clusterKey(record), slot: record.slot }))
    .filter((other) => other.key !== key);
  const theirs = await Promise.all(others.map((other) => readGroups(other.key)));
  return others.filter((_, index) => theirs[index]?.some((group) => groups.includes(group)));
}

/** The name that the link to a cluster's fabric has in the other fabric. */
function peerLink(key: string): string {
  return linkName(PEER, key);
}

async function havingFabrics(peers: readonly Peer[]): Promise<Peer[]> {
  const there = await Promise.all(peers.map((peer) => namespaceExists(fabricNamespace(peer.key))));
  return peers.filter((_, index) => there[index]);
}

const routeList = z.array(z.object({ dst: z.string(), dev: z.string().optional() }));

/** Whether the fabric leads to all of its peers, and to no other cluster. Of a peer whose fabric is not there, its own repair makes the link. */
export async function peersReady(key: string): Promise<boolean> {
  // Most clusters are alone, and this is asked in every look.
  if ((await readGroups(key)) === null) return true;
  const peers = await havingFabrics(await peersOf(key));
  const text = await execIn(fabricNamespace(key), ['ip', '-json', '-4', 'route', 'show']);
  const routes = routeList.parse(JSON.parse(text || '[]')).filter(({ dev }) => dev?.startsWith(PEER));
  const leads = (peer: Peer) =>
    routes.some(({ dst, dev }) => dst === externalRange(peer.slot) && dev === peerLink(peer.key));
  return routes.length === peers.length && peers.every(leads);
}

/** Makes the links that follow from the records, and removes all others. */
export async function syncPeers(key: string, { slot }: ClusterRecord, signal: AbortSignal): Promise<void> {
  const namespace = fabricNamespace(key);
  if (!(await namespaceExists(namespace))) return;
  // Both ends are made and go together, and the other cluster may be at it at this moment: its record was written before.
  await withLock(
    STATE_ROOT,
    async () => {
      const peers = await havingFabrics(await peersOf(key));
      const wanted = peers.map((peer) => peerLink(peer.key));
      const surplus = (await linksIn(namespace)).filter(
        (link) => link.startsWith(PEER) && !wanted.includes(link),
      );
      await ip(
        namespace,
        surplus.map((link) => `link delete ${link}`),
      );
      for (const peer of peers) await ensureLink({ key, slot }, peer);
    },
    signal,
  );
}

async function ensureLink(own: Peer, peer: Peer): Promise<void> {
  const [from, to] = [fabricNamespace(own.key), fabricNamespace(peer.key)];
  if (!(await linkExists(from, peerLink(peer.key))))
    await ip(null, [
      `link add ${peerLink(peer.key)} netns ${from} type veth peer name ${peerLink(own.key)} netns ${to}`,
    ]);
  await ip(from, leadTo(peer));
  await ip(to, leadTo(own));
}

/** The other fabric answers for its end of the link to the host, whichever link it is asked on. */
function leadTo({ key, slot }: Peer): string[] {
  const link = peerLink(key);
  return [
    `link set ${link} up`,
    `route replace ${externalRange(slot)} via ${gatewayIp(slot)} dev ${link} onlink`,
  ];
}
