import type { ReplicaIdentity } from '../../../pki/profiles.ts';
import { machineOf } from '../../model/observation.ts';
import type { FileTools } from '../tools.ts';

/** What a replica's serving certificates say of it, the balancer's DNS name as it is now included. */
export function pkiIdentity(t: Pick<FileTools, 'memory' | 'seen'>, replica: string): ReplicaIdentity {
  return {
    name: replica,
    internalIp: machineOf(t.seen(), replica)!.internalIp,
    apiAddress: t.seen().address!.ip,
    staticExternalIp: null,
    balancerDnsName: t.seen().balancer?.dnsName ?? null,
    serviceCidr: t.memory.spec.serviceCidr,
    clusterDomain: 'cluster.local',
    ...(t.memory.spec.federation ? { federates: true } : {}),
  };
}
