import { configPath } from '../../replicas/paths.ts';
import { commandLine, withoutProxies } from '../../replicas/units/unit.ts';
import { nodeUnit } from './names.ts';
import { nodeUnitFile, quickToNotice } from './unit.ts';

/** `kube-proxy.service`: all that it has to be told is in its configuration file. */
export function kubeProxyUnit(options: { readonly folder: string }): string {
  return nodeUnitFile({
    description: 'Kubernetes service proxy',
    type: 'exec',
    // It asks for its node's address when it starts, and then once a second: the kubelet is to have brought that by then.
    after: [nodeUnit.kubelet],
    command: commandLine(`${options.folder}/kube-proxy`, { config: configPath('kube-proxy.yaml') }),
    service: [
      ...quickToNotice,
      withoutProxies,
      // Outside of what confines it, which leaves /etc read-only. See settings/protocols.ts.
      `ExecStartPre=+/bin/sh -c '[ -s /etc/protocols ] || cp ${configPath('protocols')} /etc/protocols'`,
      // It writes rules and network settings, and nothing else.
      'CapabilityBoundingSet=CAP_NET_ADMIN CAP_SYS_RESOURCE',
      'NoNewPrivileges=yes',
      'ProtectSystem=strict',
      'ProtectHome=yes',
      'PrivateTmp=yes',
      'PrivateDevices=yes',
      'RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX',
      'OOMScoreAdjust=-900',
    ],
  });
}
