import { z } from 'zod';
import { type Addon, builtInAddons } from '../../../addons/addons.ts';
import { objectSchema } from '../../../addons/object.ts';
import { believed } from '../../../pki/authorities.ts';
import type { Secrets } from '../../../state/store.ts';
import { readStoredSecret } from '../stored-secret.ts';
import type { FileTools } from '../tools.ts';

const SECRET = 'addons';
const addonsSchema = z.array(z.object({ name: z.string(), objects: z.array(objectSchema) }));

/**
 * The user's add-ons as secrets of a new cluster: manifests may hold some. They stay as they were until somebody
 * changes them: a later master gets what the first got.
 */
export function addonSecrets(addons: readonly Addon[]): Readonly<Record<string, string>> {
  return { [SECRET]: JSON.stringify(addons) };
}

/** Others in the place of those that the store has. The masters do not know of it yet. */
export async function putAddons(secrets: Secrets, addons: readonly Addon[]): Promise<void> {
  await secrets.put(SECRET, JSON.stringify(addons));
}

async function keptAddons(secrets: FileTools['secrets']): Promise<readonly Addon[]> {
  const text = await secrets.get(SECRET);
  return text === null ? [] : readStoredSecret(SECRET, text, addonsSchema);
}

/** What the masters keep in the cluster: haup's own, then the user's. */
export async function addonsOf(t: FileTools): Promise<readonly Addon[]> {
  const { name: cluster, kubernetesVersion, apiPort, serviceCidr, clusterCidr } = t.memory.spec;
  const own = builtInAddons({
    federation: t.memory.spec.federation ?? false,
    cluster,
    kubernetesVersion,
    apiAddress: t.seen().address!.ip,
    apiPort,
    caPem: believed((await t.authorities(t.memory.spec)).kubernetes),
    serviceCidr,
    clusterCidr,
    givesServiceAddresses: t.provider.services !== undefined,
    resolver: t.provider.capabilities.resolvesNames,
  });
  return [...own, ...(await keptAddons(t.secrets))];
}
