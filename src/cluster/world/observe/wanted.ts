import type { ReplicaBinaries } from '../../../replicas/config.ts';
import type { WantedRevision } from '../../../replicas/revision/revision.ts';
import { wantedRevision } from '../../../replicas/revision/wanted.ts';
import { machineOf } from '../../model/observation.ts';
import { pkiIdentity } from '../config/identity.ts';
import { sharedConfig } from '../config/shared-config.ts';
import { keptEncryptionKeys, keptKubeletAuthorities } from '../keys.ts';
import type { FileTools } from '../tools.ts';

/**
 * What each replica that has a machine should be, by name. Undefined while that cannot be said: the network, the address or a secret
 * is not there (yet, or since the host's reboot). Makes none: who only looks leaves the store as it is.
 */
export async function wantedRevisions(
  t: FileTools,
): Promise<Readonly<Record<string, WantedRevision>> | undefined> {
  const { spec } = t.memory;
  const { network, address } = t.seen();
  if (!network || address === null || spec.deleting) return undefined;
  const [kubelets, encryptionKeys] = await Promise.all([
    keptKubeletAuthorities(t.secrets, spec),
    keptEncryptionKeys(t.secrets, spec),
  ]);
  if (kubelets === null || encryptionKeys === null) return undefined;
  const authorities = await t.authorities(spec);
  // No file says where its programs come from.
  const binaries: ReplicaBinaries = { kind: 'mounted', path: '' };
  const shared = await sharedConfig(t, { binaries, encryptionKeys });
  const made = spec.replicas.filter(({ name }) => machineOf(t.seen(), name));
  const wanted = made.map(({ name }) => {
    const identity = pkiIdentity(t, name);
    const config = { ...shared, name, internalIp: identity.internalIp };
    return [name, wantedRevision(config, identity, authorities, kubelets)] as const;
  });
  return Object.fromEntries(wanted);
}
