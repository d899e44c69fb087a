import { type Addon, builtInAddons } from '../../addons/addons.ts';
import type { Tools } from './tools.ts';

/** Until the spec has one of its own. */
export const CLUSTER_CIDR = '10.244.0.0/16';

/** What the masters keep in the cluster. */
export async function addonsOf(t: Tools): Promise<readonly Addon[]> {
  const { name: cluster, kubernetesVersion, apiPort, serviceCidr } = t.memory.spec;
  return builtInAddons({
    cluster,
    kubernetesVersion,
    apiAddress: t.seen().address!.ip,
    apiPort,
    caPem: (await t.authorities()).kubernetes.certPem,
    serviceCidr,
    clusterCidr: CLUSTER_CIDR,
    resolver: t.provider.capabilities.resolvesNames,
  });
}
