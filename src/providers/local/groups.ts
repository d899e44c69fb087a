import { ProviderError } from '../errors.ts';
import type { Groups } from '../networks.ts';
import { type Context, exclusively, needCluster } from './context.ts';
import { type Peer, peersOf, peersReady, syncPeers } from './fabric/peers.ts';
import { syncTranslation } from './fabric/translation.ts';
import { withLock } from './host/flock.ts';
import { clusterFolder, clusterKey } from './paths.ts';
import {
  type ClusterRecord,
  forgetGroups,
  readCluster,
  readClusters,
  readGroups,
  writeGroups,
} from './state.ts';

/** A cluster's uid: it becomes part of no path and no rule, and is kept to what it is all the same. */
const GROUP = /^[0-9a-f]{16}$/;

export function localGroups(context: Context): Groups {
  const { key, signal } = context;
  return {
    list: async () => (await readGroups(key)) ?? [],
    inForce: () => peersReady(key),
    join: (group) => join(context, group),
    leave: (group) => leave(key, group, signal),
  };
}

async function join(context: Context, group: string): Promise<void> {
  if (!GROUP.test(group))
    throw new ProviderError('invalid', `${JSON.stringify(group.slice(0, 80))} is no cluster's uid`);
  const cluster = await needCluster(context);
  await exclusively(context, async () => {
    const groups = (await readGroups(context.key)) ?? [];
    if (!groups.includes(group)) await writeGroups(context.key, [...groups, group].sort());
  });
  await putInForce(context.key, cluster, context.signal);
}

/** What is remembered changes first: whatever comes between, a repair finds it. */
async function leave(key: string, group: string, signal: AbortSignal): Promise<void> {
  const [groups, cluster] = [await readGroups(key), await readCluster(key)];
  if (groups === null || cluster === null) return;
  const peers = await peersOf(key);
  await withLock(
    clusterFolder(key),
    async () => {
      const left = ((await readGroups(key)) ?? []).filter((each) => each !== group);
      await writeGroups(key, left);
    },
    signal,
  );
  await putInForce(key, cluster, signal);
  await tellPeers(peers, signal);
}

/**
 * Brings the links, and the rules on both sides of them, to what is remembered. The links come last: where they are, all the rest is. Each
 * cluster's rules are changed under its own lock and no other's, so that two who do it at once cannot wait for each other.
 */
export async function putInForce(key: string, cluster: ClusterRecord, signal: AbortSignal): Promise<void> {
  if ((await readGroups(key)) === null) return;
  await tellPeers([{ key }, ...(await peersOf(key))], signal);
  await syncPeers(key, cluster, signal);
  await withLock(
    clusterFolder(key),
    async () => {
      if ((await readGroups(key))?.length === 0) await forgetGroups(key);
    },
    signal,
  );
}

/** Brings these clusters' rules to what is remembered now. */
export async function tellPeers(peers: readonly Pick<Peer, 'key'>[], signal: AbortSignal): Promise<void> {
  for (const { key } of peers) {
    // A lock would make the folder of one that was deleted meanwhile.
    if (!(await readCluster(key))) continue;
    await withLock(clusterFolder(key), () => syncTranslation(key), signal);
  }
}

/** The group that a cluster leads ends with it. */
export async function endGroup(uid: string, signal: AbortSignal): Promise<void> {
  for (const record of await readClusters()) {
    const key = clusterKey(record);
    if ((await readGroups(key))?.includes(uid)) await leave(key, uid, signal);
  }
}
