import { type Authorities, believed } from '../pki/authorities.ts';
import { issueClient, issueKubeletServing } from '../pki/issue.ts';
import { kubeconfig } from '../pki/kubeconfig.ts';
import type { KubeletAuthorities } from '../pki/kubelet-authorities.ts';

/** A node's certificates and keys, PEM. Its client certificate is the kubelet's own affair. */
export interface NodePki {
  /** What the node believes API servers, and the kubelet its clients, by. */
  readonly caPem: string;
  readonly kubeletCertPem: string;
  readonly kubeletKeyPem: string;
  /** kube-proxy's kubeconfig, through the API address. Holds a private key. */
  readonly kubeProxyKubeconfig: string;
}

export interface NodeIdentity {
  readonly cluster: string;
  readonly name: string;
  readonly internalIp: string;
  readonly apiAddress: string;
  readonly apiPort: number;
}

/** A node's certificates and keys, new, good for a year at most. @throws PkiError */
export async function issueNode(
  node: NodeIdentity,
  authorities: Authorities,
  kubelets: KubeletAuthorities,
): Promise<NodePki> {
  const [serving, proxy] = await Promise.all([
    issueKubeletServing(node, kubelets),
    issueClient('kube-proxy', authorities),
  ]);
  const caPem = believed(authorities.kubernetes);
  return {
    caPem,
    kubeletCertPem: serving.certPem,
    kubeletKeyPem: serving.keyPem,
    kubeProxyKubeconfig: kubeconfig({
      cluster: node.cluster,
      user: 'system:kube-proxy',
      server: serverUrl(node),
      caPem,
      ...proxy,
    }),
  };
}

export function serverUrl({ apiAddress, apiPort }: Pick<NodeIdentity, 'apiAddress' | 'apiPort'>): string {
  return `https://${apiAddress}:${apiPort}`;
}
