import { configPath } from '../replicas/paths.ts';

/** Where things are on a node, besides what every machine of haup's has (replicas/paths.ts). */
export const nodePaths = {
  kubelet: '/var/lib/kubelet',
  /** Written by the kubelet once it has a certificate. */
  kubeconfig: '/var/lib/kubelet/kubeconfig',
  /** With a token that lives for minutes; gone when the node has joined and has its images. */
  bootstrapKubeconfig: '/var/lib/kubelet/bootstrap-kubeconfig',
  /** Certificate and key in one file; the kubelet exchanges it by itself. */
  clientCertificate: '/var/lib/kubelet/pki/kubelet-client-current.pem',
  /** What containerd keeps of images. */
  imageBlobs: '/var/lib/containerd/io.containerd.content.v1.content/blobs',
  cniConfig: '/etc/cni/net.d',
  /** Written when the node's pod range is known, which is not before it has joined. */
  conflist: '/etc/cni/net.d/10-haup.conflist',
  /** The process that holds the mount namespace of containerd, kubelet and pods. */
  mountsPid: '/run/haup/node-mounts.pid',
  /** The release that the running services were started with. */
  started: '/run/haup/node-started',
} as const;

/** Runs a program in the namespace of {@link nodePaths.mountsPid}. */
export const inNodeMounts = `/bin/sh ${configPath('in-node-mounts.sh')}`;
