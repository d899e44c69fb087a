import { join } from 'node:path';
import type { ClusterIdentity } from '../provider.ts';
import { machineName } from './names.ts';

/** Machines' disks and what must survive a reboot of the host. Root only. */
export const STATE_ROOT = '/var/lib/haup/local';
/** What a reboot may lose: sockets, logs of boots. */
export const RUN_ROOT = '/run/haup/local';

/** `<cluster>-<uid>`: names the cluster's folders, namespaces and cgroups. The uid makes it unambiguous. */
export function clusterKey(cluster: Pick<ClusterIdentity, 'name' | 'uid'>): string {
  return `${cluster.name}-${cluster.uid}`;
}

export function clusterFolder(key: string): string {
  return join(STATE_ROOT, key);
}

export function machinesFolder(key: string): string {
  return join(clusterFolder(key), 'machines');
}

export function machineFolder(key: string, name: string): string {
  return join(machinesFolder(key), machineName(name));
}

export function runFolder(key: string): string {
  return join(RUN_ROOT, key);
}
