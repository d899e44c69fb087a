import { serviceIp } from '../pki/sans.ts';

export const CLUSTER_DOMAIN = 'cluster.local';

/** Where a node's container runtime listens. */
export const CONTAINERD_SOCKET = '/run/containerd/containerd.sock';

/** The cluster's DNS service, by custom the tenth address of the services' range. @throws PkiError where it has none */
export function clusterDns(serviceCidr: string): string {
  return serviceIp(serviceCidr, 10);
}

/** What all kubelets of a cluster share, also those that join by kubeadm. */
export function sharedKubeletConfiguration(serviceCidr: string): Readonly<Record<string, unknown>> {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    // Nobody without credentials; whoever has some may what the API server says.
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true } },
    authorization: { mode: 'Webhook' },
    clusterDomain: CLUSTER_DOMAIN,
    clusterDNS: [clusterDns(serviceCidr)],
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    // The client certificate is exchanged before it ends, with nobody's help.
    rotateCertificates: true,
  };
}
