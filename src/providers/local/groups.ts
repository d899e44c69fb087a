import { ProviderError } from '../errors.ts';
import type { Groups } from '../provider.ts';
import { type Context, exclusively, needCluster } from './context.ts';
import { peersOf, syncPeers } from './fabric/peers.ts';
import { syncTranslation } from './fabric/translation.ts';
import { withLock } from './host/flock.ts';
import { clusterFolder, clusterKey } from './paths.ts';
import { readCluster, readClusters, readGroups, writeGroups } from './state.ts';

/** A cluster's uid: it becomes part of no path and no rule, and is kept to what it is all the same. */
const GROUP = /^[0-9a-f]{16}$/;

export function localGroups(context: Context): Groups {
  return {
    list: () => readGroups(context.key),
    join: (group) => join(context, group),
    leave: (group) => leave(context.key, group, context.signal),
  };
}

/** What is remembered comes first: whoever repairs either side after a crash finds it there. */
async function join(context: Context, group: string): Promise<void> {
  if (!GROUP.test(group))
    throw new ProviderError('invalid', `${JSON.stringify(group.slice(0, 80))} is no cluster's uid`);
  const cluster = await needCluster(context);
  await exclusively(context, async () => {
    const groups = await readGroups(context.key);
    if (!groups.includes(group)) await writeGroups(context.key, [...groups, group].sort());
    await syncTranslation(context.key);
    await syncPeers(context.key, cluster, context.signal);
  });
  await tellPeers(
    (await peersOf(context.key)).map((peer) => peer.key),
    context.signal,
  );
}

async function leave(key: string, group: string, signal: AbortSignal): Promise<void> {
  if (!(await readGroups(key)).includes(group)) return;
  const before = (await peersOf(key)).map((peer) => peer.key);
  await withLock(
    clusterFolder(key),
    async () => {
      const cluster = await readCluster(key);
      if (!cluster) return;
      await writeGroups(
        key,
        (await readGroups(key)).filter((each) => each !== group),
      );
      await syncTranslation(key);
      await syncPeers(key, cluster, signal);
    },
    signal,
  );
  await tellPeers(before, signal);
}

/** Brings the rules of others to what is remembered now. Each under its own lock and no other, so that two who do it cannot wait for each other. */
export async function tellPeers(keys: readonly string[], signal: AbortSignal): Promise<void> {
  for (const key of keys) {
    // A lock would make the folder of one that was deleted meanwhile.
    if (!(await readCluster(key))) continue;
    await withLock(
      clusterFolder(key),
      async () => {
        if (await readCluster(key)) await syncTranslation(key);
      },
      signal,
    );
  }
}

/** The group that a cluster leads ends with it. */
export async function endGroup(uid: string, signal: AbortSignal): Promise<void> {
  for (const record of await readClusters()) await leave(clusterKey(record), uid, signal);
}
