import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../../src/artifacts/cache.ts';
import type { ClusterSpec } from '../../../src/cluster/model/spec.ts';
import { open } from '../../../src/providers/local/index.ts';
import type { Provider } from '../../../src/providers/provider.ts';
import { E2E_HOME } from './haup.ts';

/** What the store keeps of a cluster, byte for byte. */
export function stored(cluster: string): string {
  return readFileSync(join(E2E_HOME, 'clusters', cluster, 'cluster.json'), 'utf8');
}

export function specOf(cluster: string): ClusterSpec {
  return (JSON.parse(stored(cluster)) as { value: { spec: ClusterSpec } }).value.spec;
}

/** The cloud's own console, so to speak: does things to a cluster's resources behind haup's back. */
export async function behindTheBack<T>(
  cluster: string,
  work: (cloud: Provider) => Promise<T>,
  signal: AbortSignal = new AbortController().signal,
): Promise<T> {
  const { name, uid, region, zone, apiPort } = specOf(cluster);
  const binariesFolder = join(E2E_HOME, 'no-binaries');
  mkdirSync(binariesFolder, { recursive: true }); // machines made here are shown an empty one
  const cloud = open({
    cluster: { name, uid, region, zone, apiPort },
    settings: {},
    signal,
    progress: () => {},
    binariesFolder,
    cacheFolder: cacheFolder(process.env),
    environment: process.env,
  });
  try {
    return await work(cloud);
  } finally {
    await cloud.close();
  }
}
