/** The common names of authorities of the first generation. */
export const AUTHORITY_NAMES = {
  kubernetes: 'kubernetes-ca',
  etcd: 'etcd-ca',
  frontProxy: 'front-proxy-ca',
  kubeletClient: 'kubelet-client-ca',
  kubeletServing: 'kubelet-serving-ca',
} as const;

/** `etcd-ca`, `etcd-ca-2` …: who reads certificates tells generations apart by it. */
export function nameOf(root: string, generation: number): string {
  return generation === 1 ? root : `${root}-${generation}`;
}
