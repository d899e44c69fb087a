/**
 * No program runs as root, but for what stops and starts the API server around etcd's stop and start (units/etcd.ts). The API server and
 * the controller manager share a user because they share the service accounts' signing key, and each of them alone is all-powerful in the
 * cluster; etcd's data and everybody else's keys are closed to them.
 */
export const users = {
  etcd: 'haup-etcd',
  kube: 'haup-kube',
  scheduler: 'haup-sched',
  endpoints: 'haup-endpoints',
  addons: 'haup-addons',
  serviceAddresses: 'haup-services',
  backup: 'haup-backup',
  federation: 'haup-federation',
} as const;

export type User = (typeof users)[keyof typeof users];

/** Who reads a file of src/pki's that holds a private key. What only root needs is root's. */
export function readerOf(file: string): User | 'root' {
  if (file === 'etcd/client.key') return 'root';
  if (file.startsWith('etcd/')) return users.etcd;
  if (file.startsWith('scheduler')) return users.scheduler;
  if (file.startsWith('endpoints')) return users.endpoints;
  if (file.startsWith('addons')) return users.addons;
  if (file.startsWith('service-addresses')) return users.serviceAddresses;
  if (file.startsWith('federation')) return users.federation;
  return users.kube;
}
