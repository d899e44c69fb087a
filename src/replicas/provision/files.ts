import type { ArchivedFile } from '../../util/host/archive.ts';
import type { ReplicaConfig } from '../config.ts';
import { programPath } from '../programs.ts';
import { addonsScript } from '../settings/addons.ts';
import { admissionConfiguration } from '../settings/admission.ts';
import { auditPolicy } from '../settings/audit.ts';
import { authenticationConfiguration } from '../settings/authentication.ts';
import { beforeEtcdStopsScript } from '../settings/before-etcd-stops.ts';
import { encryptionConfiguration } from '../settings/encryption.ts';
import { kubernetesEndpointsScript } from '../settings/kubernetes-endpoints.ts';
import { releaseLeaseScript } from '../settings/release-lease.ts';
import { rights } from '../settings/rights.ts';
import { serviceAddressesScript } from '../settings/service-addresses.ts';
import { waitForApiScript } from '../settings/wait-for-api.ts';
import { units } from '../units/index.ts';
import { readerOf, users } from './users.ts';

/** All files of a replica, with paths relative to its release: pki/…, config/…, addons/… and units/…. */
export function replicaFiles(config: ReplicaConfig): ArchivedFile[] {
  return [...pkiFiles(config), ...configFiles(config), ...addonFiles(config), ...unitFiles(config)];
}

/** Those that hold certificates and keys. */
export function pkiFiles({ pki }: Pick<ReplicaConfig, 'pki'>): ArchivedFile[] {
  return [...pki].map(([file, { pem, secret, mode }]) => ({
    path: `pki/${file}`,
    content: pem,
    mode,
    owner: secret ? readerOf(file) : 'root',
  }));
}

function configFiles(config: ReplicaConfig): ArchivedFile[] {
  const open = (path: string, content: string) => ({
    path: `config/${path}`,
    content,
    mode: 0o644,
    owner: 'root',
  });
  const kubectl = programPath(config, 'kubectl');
  const { apiPort, serviceAddresses: range, federation } = config;
  return [
    open('authentication.yaml', authenticationConfiguration(config.authentication?.jwt)),
    open('addons.sh', addonsScript(kubectl)),
    open('audit.yaml', audit(config)),
    open('before-etcd-stops.sh', beforeEtcdStopsScript(config.apiPort, config.shutdownDelaySeconds)),
    ...(config.admission ? [open('admission.yaml', admissionConfiguration(config.admission.plugins))] : []),
    open('kubernetes-endpoints.sh', kubernetesEndpointsScript(config)),
    open('release-lease.sh', releaseLeaseScript(config.apiPort)),
    open('wait-for-api.sh', waitForApiScript(config.apiPort)),
    ...(range === null
      ? []
      : [open('service-addresses.sh', serviceAddressesScript({ kubectl, apiPort, range }))]),
    ...(federation ? [open('federation.mjs', federation.program)] : []),
    {
      path: 'config/encryption.yaml',
      content: encryptionConfiguration(config.encryptionKeys),
      mode: 0o600,
      owner: users.kube,
    },
  ];
}

function audit({ auditPolicy: wanted }: ReplicaConfig): string {
  return wanted ? `${JSON.stringify(wanted, null, 2)}\n` : auditPolicy();
}

/** One file an add-on; a user's may hold Secrets. */
export function addonFiles({ addons }: Pick<ReplicaConfig, 'addons'>): ArchivedFile[] {
  return [{ name: 'rights', objects: rights() }, ...addons].map(({ name, objects }) => ({
    path: `addons/${name}.json`,
    content: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }, null, 2),
    mode: 0o600,
    owner: users.addons,
  }));
}

function unitFiles(config: ReplicaConfig): ArchivedFile[] {
  return Object.entries(units).flatMap(([name, make]) => {
    const content = make(config);
    return content === null ? [] : [{ path: `units/${name}`, content, mode: 0o600, owner: 'root' }];
  });
}
