import { rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { overlap, parseCidr } from '../../util/ipv4.ts';
import { ProviderError } from '../errors.ts';
import type { ClusterIdentity } from '../provider.ts';
import { externalRange, SLOTS } from './address/addresses.ts';
import { routesOfHost, uplinkName } from './fabric/fabric.ts';
import { withLock } from './host/flock.ts';
import { clusterFolder, clusterKey, STATE_ROOT } from './paths.ts';
import { type ClusterRecord, readCluster, readClusters, removeFolder, writeCluster } from './state.ts';

/**
 * The cluster's record, made when missing: with a slot of external addresses that no other cluster of this host has and
 * that the host does not route elsewhere (a VPN, for instance).
 * @throws ProviderError `quota` when no slot is free; `conflict` when the record is of another region or port
 */
export async function registerCluster(cluster: ClusterIdentity, signal: AbortSignal): Promise<ClusterRecord> {
  const key = clusterKey(cluster);
  return await withLock(
    STATE_ROOT,
    async () => {
      const known = await readCluster(key);
      if (known) return checkSame(known, cluster);
      const { name, uid, region, apiPort } = cluster;
      const record: ClusterRecord = { version: 1, name, uid, region, apiPort, slot: await freeSlot(key) };
      await writeCluster(key, record);
      return record;
    },
    signal,
  );
}

/** Deletes all that is remembered of the cluster; with the last one, the folders that held them. */
export async function forgetCluster(key: string, signal: AbortSignal): Promise<void> {
  await withLock(STATE_ROOT, () => removeFolder(clusterFolder(key)), signal);
  for (const folder of [STATE_ROOT, dirname(STATE_ROOT)]) {
    // Another cluster's being there is the normal reason for this to fail.
    await rmdir(folder).catch(() => {});
  }
}

function checkSame(known: ClusterRecord, cluster: ClusterIdentity): ClusterRecord {
  if (known.region === cluster.region && known.apiPort === cluster.apiPort) return known;
  throw new ProviderError(
    'conflict',
    `the cluster ${cluster.name} exists here in region ${known.region} with API port ${known.apiPort}, ` +
      `not in ${cluster.region} with ${cluster.apiPort}`,
  );
}

async function freeSlot(key: string): Promise<number> {
  const taken = new Set((await readClusters()).map((record) => record.slot));
  const routes = (await routesOfHost()).filter((route) => route.dev !== uplinkName(key));
  for (let slot = 0; slot < SLOTS; slot++) {
    const range = parseCidr(externalRange(slot));
    if (!taken.has(slot) && !routes.some((route) => overlap(route.range, range))) return slot;
  }
  throw new ProviderError('quota', 'no range of 198.18.0.0/15 is left that this host does not use already', {
    advice: 'delete a cluster, or see with `ip route show table all` what else routes 198.18.0.0/15',
  });
}
