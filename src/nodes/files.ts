import { binariesFolder } from '../replicas/provision/release.ts';
import type { ArchivedFile } from '../util/host/archive.ts';
import type { NodeConfig } from './config.ts';
import { type NodeHost, needsMounts } from './host.ts';
import type { NodePki } from './pki.ts';
import { announceServicesScript } from './settings/announce-services.ts';
import { containerdConfig } from './settings/containerd.ts';
import { kubeProxyConfiguration } from './settings/kube-proxy.ts';
import { kubeletConfiguration } from './settings/kubelet.ts';
import { masqueradeRules } from './settings/masquerade.ts';
import { inNodeMountsScript, nodeMountsScript } from './settings/node-mounts.ts';
import { PROTOCOLS } from './settings/protocols.ts';
import { announceServicesUnit } from './units/announce-services.ts';
import { containerdUnit } from './units/containerd.ts';
import { kubeProxyUnit } from './units/kube-proxy.ts';
import { kubeletUnit } from './units/kubelet.ts';
import { masqueradeUnit } from './units/masquerade.ts';
import { nodeUnit } from './units/names.ts';
import { nodeMountsUnit } from './units/node-mounts.ts';

/** All files of a node, with paths relative to its release: pki/…, config/… and units/…. */
export function nodeFiles(config: NodeConfig, host: NodeHost): ArchivedFile[] {
  return [...nodePkiFiles(config.pki), ...configFiles(config, host), ...unitFiles(config, host)];
}

/** The units that a node of this kind has, in the order in which they start. */
export function unitsOf(config: Pick<NodeConfig, 'cni' | 'serviceAddresses'>, host: NodeHost): string[] {
  return [
    ...(needsMounts(host) ? [nodeUnit.mounts] : []),
    ...(config.cni === 'haup' ? [nodeUnit.masquerade] : []),
    nodeUnit.containerd,
    nodeUnit.kubelet,
    nodeUnit.kubeProxy,
    ...(config.serviceAddresses ? [nodeUnit.announceServices] : []),
  ];
}

/** Those that are renewed with time. */
export function nodePkiFiles(pki: NodePki): ArchivedFile[] {
  const open = (path: string, content: string): ArchivedFile => ({
    path: `pki/${path}`,
    content,
    mode: 0o644,
    owner: 'root',
  });
  return [
    open('ca.crt', pki.caPem),
    open('kubelet.crt', pki.kubeletCertPem),
    { ...open('kubelet.key', pki.kubeletKeyPem), mode: 0o600 },
    { ...open('kube-proxy.conf', pki.kubeProxyKubeconfig), mode: 0o600 },
  ];
}

function configFiles(config: NodeConfig, host: NodeHost): ArchivedFile[] {
  const files = {
    'containerd.toml': containerdConfig(host, binariesFolder(config)),
    'kubelet.yaml': kubeletConfiguration({ ...config, host }),
    'kube-proxy.yaml': kubeProxyConfiguration(config),
    'resolv.conf': '',
    protocols: PROTOCOLS,
    ...(config.cni === 'haup' ? { 'masquerade.nft': masqueradeRules(config) } : {}),
    ...(config.serviceAddresses
      ? { 'announce-services.sh': announceServicesScript(config.serviceAddresses) }
      : {}),
    ...(needsMounts(host)
      ? { 'node-mounts.sh': nodeMountsScript(host), 'in-node-mounts.sh': inNodeMountsScript() }
      : {}),
  };
  return Object.entries(files).map(([name, content]) => ({
    path: `config/${name}`,
    content,
    mode: 0o644,
    owner: 'root',
  }));
}

function unitFiles(config: NodeConfig, host: NodeHost): ArchivedFile[] {
  const folder = binariesFolder(config);
  const mounts = needsMounts(host);
  const contents: Readonly<Record<string, () => string>> = {
    [nodeUnit.mounts]: nodeMountsUnit,
    [nodeUnit.masquerade]: masqueradeUnit,
    [nodeUnit.containerd]: () => containerdUnit({ folder, mounts }),
    [nodeUnit.kubelet]: () => kubeletUnit({ ...config, folder, mounts, labels: nodeLabels(config) }),
    [nodeUnit.kubeProxy]: () => kubeProxyUnit({ folder }),
    [nodeUnit.announceServices]: announceServicesUnit,
  };
  return unitsOf(config, host).map((name) => ({
    path: `units/${name}`,
    content: contents[name]!(),
    mode: 0o644,
    owner: 'root',
  }));
}

/** What schedulers and people tell nodes apart by (kubernetes.io: well-known labels). The user's win. */
export function nodeLabels(
  config: Pick<NodeConfig, 'region' | 'zone' | 'instanceType' | 'labels'>,
): Record<string, string> {
  return {
    'topology.kubernetes.io/region': config.region,
    'topology.kubernetes.io/zone': config.zone,
    ...(config.instanceType === null ? {} : { 'node.kubernetes.io/instance-type': config.instanceType }),
    ...config.labels,
  };
}
