import { builtInAddons } from '../../../src/addons/addons.ts';
import { createAuthorities } from '../../../src/pki/authorities.ts';
import { createKubeletAuthorities } from '../../../src/pki/kubelet-authorities.ts';
import { issueReplica } from '../../../src/pki/replica.ts';
import { newEncryptionKey, type ReplicaConfig } from '../../../src/replicas/config.ts';

/** A replica's configuration with real certificates. */
export async function exampleConfig(): Promise<ReplicaConfig> {
  const identity = {
    cluster: 'demo',
    name: 'demo-master',
    internalIp: '10.0.0.2',
    apiAddress: '198.18.0.10',
    apiPort: 443,
    serviceCidr: '10.96.0.0/16',
    clusterCidr: '10.244.0.0/16',
    kubernetesVersion: 'v1.37.1',
  };
  const authorities = await createAuthorities('demo');
  const pki = await issueReplica(
    { ...identity, staticExternalIp: null, balancerDnsName: null, clusterDomain: 'cluster.local' },
    authorities,
    await createKubeletAuthorities('demo'),
  );
  return {
    ...identity,
    uid: '0123456789abcdef',
    etcdVersion: 'v3.7.3',
    binaries: { kind: 'mounted', path: '/opt/haup/bin' },
    pki,
    encryptionKeys: [{ name: 'key1', secret: newEncryptionKey() }],
    shutdownDelaySeconds: 4,
    requestTimeoutSeconds: 60,
    localRoute: false,
    serviceAddresses: '198.18.0.192/26',
    addons: builtInAddons({
      ...identity,
      caPem: authorities.kubernetes.certPem,
      givesServiceAddresses: true,
      resolver: true,
    }),
  };
}
