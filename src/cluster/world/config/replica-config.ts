import { issueReplica } from '../../../pki/replica.ts';
import type { ReplicaConfig } from '../../../replicas/config.ts';
import type { ClusterSpec } from '../../model/spec.ts';
import { encryptionKeys, kubeletAuthorities } from '../keys.ts';
import type { Tools } from '../tools.ts';
import { pkiIdentity } from './identity.ts';
import { sharedConfig } from './shared-config.ts';

/** All that `spec` puts on a replica, with certificates that are new each time. */
export async function replicaConfig(t: Tools, replica: string, spec: ClusterSpec): Promise<ReplicaConfig> {
  const identity = pkiIdentity(t, replica);
  const pki = await issueReplica(
    { ...identity, cluster: spec.name, apiPort: spec.apiPort },
    await t.authorities(spec),
    await kubeletAuthorities(t.secrets, spec),
  );
  const shared = await sharedConfig(
    { ...t, memory: { spec } },
    { binaries: await t.binaries(spec), encryptionKeys: await encryptionKeys(t.secrets, spec) },
  );
  return { ...shared, name: replica, internalIp: identity.internalIp, pki };
}
