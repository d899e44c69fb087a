import { configPath } from '../../replicas/paths.ts';
import { commandLine, withoutProxies } from '../../replicas/units/unit.ts';
import { inNodeMounts, nodePaths } from '../paths.ts';
import { nodeUnit } from './names.ts';
import { nodeUnitFile, quickToNotice } from './unit.ts';

export interface KubeletUnit {
  /** Holds the programs. */
  readonly folder: string;
  readonly mounts: boolean;
  readonly name: string;
  readonly internalIp: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** `kubelet.service`; what its configuration file can say is there (settings/kubelet.ts). */
export function kubeletUnit(options: KubeletUnit): string {
  const command = commandLine(`${options.folder}/kubelet`, {
    config: configPath('kubelet.yaml'),
    // With the token it asks for a client certificate, and writes the kubeconfig that it lives by from then on.
    'bootstrap-kubeconfig': nodePaths.bootstrapKubeconfig,
    kubeconfig: nodePaths.kubeconfig,
    'cert-dir': `${nodePaths.kubelet}/pki`,
    // The machine's name, whatever a cloud's DHCP calls it: haup's certificates and the API know it by this one.
    'hostname-override': options.name,
    // Not left to the default route's interface: the certificate names this address.
    'node-ip': options.internalIp,
    'node-labels': Object.entries(options.labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
  });
  return nodeUnitFile({
    description: 'Kubernetes node agent',
    type: 'notify',
    requires: [nodeUnit.containerd, ...(options.mounts ? [nodeUnit.mounts] : [])],
    command: options.mounts ? `${inNodeMounts} ${command}` : command,
    service: [
      'NotifyAccess=all',
      // It reads the kernel's messages for OOM kills; a machine that is a container has none, and the kubelet requires the file.
      "ExecStartPre=/bin/sh -c '[ -e /dev/kmsg ] || ln -s null /dev/kmsg'",
      `Environment=PATH=${options.folder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      ...quickToNotice,
      // Images are containerd's affair, which keeps the machine's proxies.
      withoutProxies,
      // Pods are no part of it.
      'KillMode=process',
      'OOMScoreAdjust=-999',
    ],
  });
}
