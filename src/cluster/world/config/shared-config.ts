import type { ReplicaBinaries, ReplicaConfig } from '../../../replicas/config.ts';
import { addonsOf } from './addons.ts';

/** What is put on every replica: all but its name, its address and its certificates. */
export async function sharedConfig(
  t: Parameters<typeof addonsOf>[0],
  parts: { readonly binaries: ReplicaBinaries; readonly encryptionKey: string },
): Promise<Omit<ReplicaConfig, 'pki' | 'name' | 'internalIp'>> {
  const { spec } = t.memory;
  return {
    uid: spec.uid,
    cluster: spec.name,
    apiAddress: t.seen().address!.ip,
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
