import { ProviderError } from '../errors.ts';
import type { ProviderOptions } from '../provider.ts';
import { namespaceExists } from './fabric/netns.ts';
import { withLock } from './host/flock.ts';
import { fabricNamespace } from './names.ts';
import { clusterFolder, clusterKey } from './paths.ts';
import { type ClusterRecord, readCluster } from './state.ts';

/** What the parts of the provider share: one cluster, seen by one process. */
export interface Context
  extends Pick<
    ProviderOptions,
    | 'cluster'
    | 'signal'
    | 'progress'
    | 'cacheFolder'
    | 'binariesFolder'
    | 'releasesFolder'
    | 'nodeBinariesFolder'
    | 'environment'
  > {
  readonly key: string;
}

export function makeContext(options: Omit<Context, 'key'>): Context {
  return { ...options, key: clusterKey(options.cluster) };
}

/** Runs `body` alone among everything that changes this cluster's records or rules. */
export function exclusively<T>(context: Context, body: () => Promise<T>): Promise<T> {
  return withLock(clusterFolder(context.key), body, context.signal);
}

/** The cluster's record. @throws ProviderError `not-found` when the cluster has no network here */
export async function needCluster(context: Context): Promise<ClusterRecord> {
  const record = await readCluster(context.key);
  if (record && (await namespaceExists(fabricNamespace(context.key)))) return record;
  throw new ProviderError('not-found', `the network of the cluster ${context.cluster.name} is not there`, {
    advice: { to: 'make it', command: 'repair' },
  });
}
