import { type Addon, builtInAddons } from '../../addons/addons.ts';
import type { Tools } from './tools.ts';

/** What the masters keep in the cluster. */
export async function addonsOf(
  t: Pick<Tools, 'memory' | 'seen' | 'authorities' | 'provider'>,
): Promise<readonly Addon[]> {
  const { name: cluster, kubernetesVersion, apiPort, serviceCidr, clusterCidr } = t.memory.spec;
  return builtInAddons({
    cluster,
    kubernetesVersion,
    apiAddress: t.seen().address!.ip,
    apiPort,
    caPem: (await t.authorities()).kubernetes.certPem,
    serviceCidr,
    clusterCidr,
    givesServiceAddresses: t.provider.services !== undefined,
    resolver: t.provider.capabilities.resolvesNames,
  });
}
