import { type Addon, builtInAddons } from '../../addons/addons.ts';
import type { Secrets } from '../../state/store.ts';
import type { Tools } from './tools.ts';

const SECRET = 'addons';

/** The user's add-ons. In the store's secrets, because manifests may hold some, and as they were: a later master gets what the first got. */
export async function keepAddons(secrets: Secrets, addons: readonly Addon[]): Promise<void> {
  // A run that was cut off before there was a cluster may have left some.
  if (addons.length === 0) await secrets.remove(SECRET);
  else await secrets.put(SECRET, JSON.stringify(addons));
}

async function keptAddons(secrets: Secrets): Promise<readonly Addon[]> {
  const text = await secrets.get(SECRET);
  return text === null ? [] : (JSON.parse(text) as Addon[]);
}

/** What the masters keep in the cluster: haup's own, then the user's. */
export async function addonsOf(
  t: Pick<Tools, 'memory' | 'seen' | 'authorities' | 'provider' | 'secrets'>,
): Promise<readonly Addon[]> {
  const { name: cluster, kubernetesVersion, apiPort, serviceCidr, clusterCidr } = t.memory.spec;
  const own = builtInAddons({
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
  return [...own, ...(await keptAddons(t.secrets))];
}
