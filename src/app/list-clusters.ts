import type { ClusterState } from '../cluster/world/memory.ts';
import type { Store } from '../state/store.ts';
import type { ClusterList } from './engine.ts';

/** One cluster that cannot be read does not hide the others. */
export async function listClusters(store: Store<ClusterState>): Promise<ClusterList> {
  const names = await store.list();
  const read = await Promise.allSettled(names.map((name) => store.read(name)));
  return {
    clusters: read.flatMap((one) => {
      const spec = one.status === 'fulfilled' ? one.value?.value.spec : undefined;
      if (!spec) return [];
      const { name, provider, region, replicas, kubernetesVersion } = spec;
      return [{ name, provider, region, replicas: replicas.length, kubernetesVersion }];
    }),
    unreadable: read.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : [])),
  };
}
