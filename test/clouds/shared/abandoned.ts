import { cacheFolder } from '../../../src/artifacts/cache.ts';
import { open } from '../../../src/providers/local/index.ts';
import { readClusters } from '../../../src/providers/local/state.ts';
import type { ClusterIdentity, Provider } from '../../../src/providers/provider.ts';
import { hasCode } from '../../../src/util/host/os-error.ts';

const NAME = /^([a-z]+)-([0-9a-f]{6})$/;

/** The name of a cluster of this process's, which says whose it is: `gcex-0021a7`. Linux has 2^22 process ids at most. */
export function ownName(prefix: string): string {
  return `${prefix}-${process.pid.toString(16).padStart(6, '0')}`;
}

/** The local provider, for machines of a test cloud in this cluster. */
export function openFor(cluster: ClusterIdentity, binariesFolder: string): Provider {
  return open({
    cluster,
    settings: {},
    signal: new AbortController().signal,
    progress: () => {},
    binariesFolder,
    cacheFolder: cacheFolder(process.env),
    environment: process.env,
  });
}

/** Removes what processes that are no more have left, as runs that were killed do. */
export async function removeAbandoned(prefix: string): Promise<void> {
  for (const { name, uid, region, apiPort } of await readClusters()) {
    const [, itsPrefix, pid] = NAME.exec(name) ?? [];
    if (itsPrefix !== prefix || isAlive(Number.parseInt(pid!, 16))) continue;
    await removeAll(openFor({ name, uid, region, zone: 'local-a', apiPort }, '/nonexistent'));
  }
}

/** The machines, and then the cluster. */
export async function removeAll(provider: Provider): Promise<void> {
  const left = await provider.machines.list();
  await Promise.all(left.map((machine) => provider.machines.delete(machine.name)));
  await provider.address.release();
  await provider.network.delete();
  await provider.close();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return false;
    throw error;
  }
}
