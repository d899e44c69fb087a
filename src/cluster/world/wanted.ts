import { parseKubeletAuthorities } from '../../pki/kubelet-authorities.ts';
import type { ReplicaBinaries } from '../../replicas/config.ts';
import type { WantedRevision } from '../../replicas/revision.ts';
import { wantedRevision } from '../../replicas/wanted-revision.ts';
import type { Secrets } from '../../state/store.ts';
import { machineOf } from '../model/observation.ts';
import type { addonsOf } from './addons.ts';
import { pkiIdentity } from './identity.ts';
import { replicaConfig } from './replica-config.ts';

/**
 * What each replica that has a machine should be, by name. Undefined while that cannot be said: the network, the address or a secret
 * is not there (yet, or since the host's reboot). Makes none: who only looks leaves the store as it is.
 */
export async function wantedRevisions(
  t: Parameters<typeof addonsOf>[0] & { readonly secrets: Pick<Secrets, 'get'> },
): Promise<Readonly<Record<string, WantedRevision>> | undefined> {
  const { spec } = t.memory;
  const kubelets = await t.secrets.get('kubelet-authorities');
  const encryptionKey = await t.secrets.get('encryption-key');
  const { network, address } = t.seen();
  if (kubelets === null || encryptionKey === null || !network || address === null || spec.deleting)
    return undefined;
  const authorities = await t.authorities();
  const kubeletAuthorities = parseKubeletAuthorities(kubelets);
  const { binaries: source } = t.provider;
  // Only the folder matters, and nobody has to be asked for that.
  const binaries: ReplicaBinaries = source.kind === 'mounted' ? source : { kind: 'download', script: '' };
  const made = spec.replicas.filter(({ name }) => machineOf(t.seen(), name));
  const wanted = made.map(async ({ name }) => {
    const config = await replicaConfig(t, name, { binaries, encryptionKey });
    const identity = pkiIdentity(t, name);
    return [name, wantedRevision(config, identity, authorities, kubeletAuthorities)] as const;
  });
  return Object.fromEntries(await Promise.all(wanted));
}
