import { ProviderError } from '../errors.ts';
import type { ClusterIdentity } from '../provider.ts';
import { namespaceExists } from './fabric/netns.ts';
import { withLock } from './host/flock.ts';
import { fabricNamespace } from './names.ts';
import { clusterFolder, clusterKey } from './paths.ts';
import { type ClusterRecord, readCluster } from './state.ts';

/** What the parts of the provider share: one cluster, seen by one process. */
export interface Context {
  readonly cluster: ClusterIdentity;
  readonly key: string;
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
  /** The operator's folder of binaries, shown to the machines. */
  readonly binariesFolder: string;
  /** The folder that holds it and all others, shown to masters, which may be given another release while they run. */
  readonly releasesFolder?: string;
  /** The same for nodes. */
  readonly nodeBinariesFolder?: string;
}

export function makeContext(
  options: Pick<
    Context,
    'cluster' | 'signal' | 'progress' | 'binariesFolder' | 'releasesFolder' | 'nodeBinariesFolder'
  >,
): Context {
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
