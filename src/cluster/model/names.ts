/** What names may look like, everywhere: no name can escape into a path, a shell, a rule or a unit. */

/** RFC 1123 label that every cloud accepts as (the start of) a resource name. */
export const CLUSTER_NAME = /^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/;
export const REPLICA_NAME = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** A zone or a region. */
export const ZONE = /^[a-z0-9][-a-z0-9]{0,62}$/;
export const CIDR = /^[0-9a-f.:]+\/\d{1,3}$/;
export const KUBERNETES_VERSION = /^v1\.\d+\.\d+$/;
export const ETCD_VERSION = /^v3\.\d+\.\d+$/;
/** A range of /24s, one a node, and routes in the clouds' tables: both end somewhere, and nobody has tried more. */
export const MAX_NODES = 100;
/** More only slow etcd down; its own FAQ advises at most seven members. */
export const MAX_REPLICAS = 9;

/** Whether it is the name of a master of the cluster, as replicas/names.ts makes them: no node's begins so. */
export function isMasterName(cluster: string, name: string): boolean {
  return name === `${cluster}-master` || name.startsWith(`${cluster}-master-`);
}
