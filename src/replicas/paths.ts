/** Where things are on a master. Everything of haup's is under a folder named haup. */
export const paths = {
  /** A link to the release that is in force: a provisioning replaces all its files at once, by moving this link. */
  current: '/etc/haup/current',
  releases: '/etc/haup/releases',
  /** Written last by a provisioning: says for whom this machine is complete. */
  marker: '/etc/haup/provisioned.json',
  units: '/etc/systemd/system',
  /** `ETCD_INITIAL_CLUSTER…`: what changes whenever the machine joins, so not part of a release. */
  etcdMembership: '/etc/haup/etcd-membership.env',
  etcdData: '/var/lib/haup/etcd',
  /** The member that the data belongs to, in decimal. */
  etcdMemberId: '/var/lib/haup/etcd-member-id',
  /** The newest revision of the operator's store that was put to work here, in decimal. */
  storeRevision: '/var/lib/haup/store-revision',
  auditLog: '/var/log/haup/audit.log',
  /** Where the machine puts binaries that it downloads itself. */
  downloadedBinaries: '/opt/haup/bin',
} as const;

/** The folder of src/pki's files, in the release that is in force. */
export const pkiFolder = `${paths.current}/pki`;

export function pkiPath(file: string): string {
  return `${pkiFolder}/${file}`;
}

/** A configuration file or script of ours, in the release that is in force. */
export function configPath(file: string): string {
  return `${paths.current}/config/${file}`;
}
