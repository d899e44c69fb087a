/** The units of a node, as systemd names them, in the order in which they start. */
export const nodeUnit = {
  mounts: 'node-mounts.service',
  masquerade: 'pod-masquerade.service',
  containerd: 'containerd.service',
  kubelet: 'kubelet.service',
  kubeProxy: 'kube-proxy.service',
  announceServices: 'announce-services.service',
} as const;

/** On loopback; their default ports. */
export const nodeHealthUrls = {
  [nodeUnit.kubelet]: 'http://127.0.0.1:10248/healthz',
  [nodeUnit.kubeProxy]: 'http://127.0.0.1:10256/livez',
} as const;
