import type { ReplicaConfig } from '../../../replicas/config.ts';
import type { ClusterSpec } from '../../model/spec.ts';
import { emulatedMinor } from '../../plan/upgrade.ts';
import type { FileTools } from '../tools.ts';
import { addonsOf } from './addons.ts';
import { federationParts } from './federation.ts';

/** What is put on every replica: all but its name, its address and its certificates. */
export async function sharedConfig(
  t: FileTools,
  parts: Pick<ReplicaConfig, 'binaries' | 'encryptionKeys'>,
): Promise<Omit<ReplicaConfig, 'pki' | 'name' | 'internalIp'>> {
  const { spec } = t.memory;
  const emulated = emulatedMinor(spec);
  const federation = await federationParts(t);
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
    ...wishes(spec),
    ...(emulated === null ? {} : { emulated }),
    shutdownDelaySeconds: t.provider.drainSeconds,
    localRoute: t.provider.capabilities.deliversToApiAddress,
    serviceAddresses: (await t.provider.services?.range()) ?? null,
    addons: await addonsOf(t),
    ...(federation ? { federation } : {}),
    // One that is taken back is for nobody any more.
    ...(spec.change && spec.change.back === undefined ? { change: spec.change.id } : {}),
    ...parts,
  };
}

/** Of the spec's, what becomes files and arguments as it is. */
function wishes(spec: ClusterSpec) {
  const { extraArguments, featureGates, authentication, auditPolicy, admission, proxy } = spec;
  return {
    ...(extraArguments && { extraArguments }),
    ...{ featureGates, authentication, auditPolicy, proxy },
    admission: admission && admission.plugins.length > 0 ? admission : undefined,
  };
}
