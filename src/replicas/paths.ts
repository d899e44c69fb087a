/** Where things are on a master. Everything of haup's is under a folder named haup. */
export const paths = {
  /** A link to the release that is in force: a provisioning replaces all its files at once, by moving this link. */
  current: '/etc/haup/current',
  releases: '/etc/haup/releases',
  /** A link to the release that was in force before the last change: the way back. */
  previous: '/etc/haup/previous',
  /** A link to the release of a change that is under way, until it is in force. */
  staged: '/etc/haup/staged',
  /** Links by version: `kubernetes-v1.37.1`, `etcd-v3.7.3`. Units call their programs through them, so that one's version is not the other's affair. */
  programs: '/opt/haup/programs',
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
  /** Where the machine puts binaries that it downloads itself: a node's, and a master's in a folder for each release. */
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
