import type { NodeConfig } from '../../../src/nodes/config.ts';
import type { NodeHost } from '../../../src/nodes/host.ts';
import { issueNode } from '../../../src/nodes/pki.ts';
import { createAuthorities } from '../../../src/pki/authorities.ts';
import { createKubeletAuthorities } from '../../../src/pki/kubelet-authorities.ts';

/** A machine of the local provider on a host without controllers in cgroup2, and a VM of a cloud's. */
export const CONTAINER: NodeHost = {
  cgroups: 'v1',
  confined: true,
  resolvConf: '/etc/haup/current/config/resolv.conf',
};
export const VM: NodeHost = { cgroups: 'v2', confined: false, resolvConf: '/etc/resolv.conf' };

/** A node's configuration with real certificates. */
export async function exampleNode(): Promise<NodeConfig> {
  const identity = {
    cluster: 'demo',
    name: 'demo-node-abc',
    internalIp: '10.0.0.3',
    apiAddress: '198.18.0.10',
    apiPort: 443,
  };
  return {
    ...identity,
    uid: '0123456789abcdef',
    region: 'local',
    zone: 'local-b',
    instanceType: null,
    providerId: 'haup://0123456789abcdef/local-b/demo-node-abc',
    serviceCidr: '10.96.0.0/16',
    clusterCidr: '10.244.0.0/16',
    routedCidrs: ['10.128.0.0/16'],
    kubernetesVersion: 'v1.37.1',
    binaries: { kind: 'mounted', path: '/opt/haup/bin' },
    serviceAddresses: '198.18.7.192/26',
    cni: 'haup',
    labels: {},
    taints: [],
    pki: await issueNode(identity, await createAuthorities('demo'), await createKubeletAuthorities('demo')),
  };
}
