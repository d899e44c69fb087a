import type { ReplicaBinaries, ReplicaConfig } from '../../replicas/config.ts';
import { addonsOf } from './addons.ts';
import { pkiIdentity } from './identity.ts';

/** All that is put on a replica, its certificates apart. */
export async function replicaConfig(
  t: Parameters<typeof addonsOf>[0],
  replica: string,
  parts: { readonly binaries: ReplicaBinaries; readonly encryptionKey: string },
): Promise<Omit<ReplicaConfig, 'pki'>> {
  const { spec } = t.memory;
  const { internalIp, apiAddress } = pkiIdentity(t, replica);
  return {
    uid: spec.uid,
    cluster: spec.name,
    name: replica,
    internalIp,
    apiAddress,
    apiPort: spec.apiPort,
    serviceCidr: spec.serviceCidr,
    clusterCidr: spec.clusterCidr,
    requestTimeoutSeconds: spec.requestTimeoutSeconds,
    kubernetesVersion: spec.kubernetesVersion,
    etcdVersion: spec.etcdVersion,
    shutdownDelaySeconds: t.provider.drainSeconds,
    localRoute: t.provider.capabilities.deliversToApiAddress,
    serviceAddresses: (await t.provider.services?.range()) ?? null,
    addons: await addonsOf(t),
    ...parts,
  };
}
