import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deleteFabric } from '../../src/providers/local/fabric/fabric.ts';
import { deleteNamespace } from '../../src/providers/local/fabric/netns.ts';
import { cgroupRoot, endGroup } from '../../src/providers/local/host/cgroups.ts';
import { hierarchiesInUse } from '../../src/providers/local/host/hierarchies.ts';
import { clusterKey, runFolder } from '../../src/providers/local/paths.ts';
import type { ClusterIdentity } from '../../src/providers/provider.ts';

/** Takes from this host all that a reboot would take from one cluster: processes, links, rules, mounts, /run. */
export async function loseWhatARebootLoses(cluster: Pick<ClusterIdentity, 'name' | 'uid'>): Promise<void> {
  const key = clusterKey(cluster);
  const root = (await cgroupRoot()) ?? '/nowhere';
  const confining = (await hierarchiesInUse(root)).map(({ path }) => path);
  // Where the host's manager is systemd, machines are units of its system slice.
  for (const parent of [root, join(root, 'system.slice'), ...confining]) {
    for (const group of await readdir(parent).catch(() => [])) {
      if (group.startsWith(`haup-${key}.`)) await endGroup(join(parent, group));
    }
  }
  await deleteFabric(key);
  for (const namespace of await readdir('/run/netns')) {
    if (namespace.startsWith(`haup-${key}`)) await deleteNamespace(namespace);
  }
  await rm(runFolder(key), { recursive: true, force: true });
}
