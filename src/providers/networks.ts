/** The provider contract's part about networks; see {@link ./provider.ts}. */

/** Packets for a range of pods' addresses go to the machine on which those pods are. */
export interface NodeRoute {
  /** An IPv4 range with a length: `10.200.1.0/24`. */
  readonly destination: string;
  /** A machine of the cluster. */
  readonly machine: string;
}

/**
 * The cloud's own routing of pods' addresses, so that nodes need no overlay: the fabric's routes on the local provider, the
 * VPC's routes on GCE (with `canIpForward`), the route table's entries on AWS (with the source/destination check off).
 * With the first route, machines and pods may send to pods, and nodes forward.
 */
export interface NodeRoutes {
  /**
   * The routes of the cluster, in order of their destinations, also those to machines that are stopped. One that leads to no
   * machine, or to one that would drop what comes, is not listed: `ensure` mends it.
   */
  list(): Promise<readonly NodeRoute[]>;
  /**
   * Makes the route, or leads an existing one of this destination elsewhere. `not-found` without the machine; `invalid` for a
   * range that is none or that meets the machines' or external addresses; `conflict` when it overlaps another route.
   */
  ensure(route: NodeRoute): Promise<void>;
  /** A route that does not exist is no error. The routes of a machine go with it: {@link Machines.delete}. */
  delete(destination: string): Promise<void>;
}

/**
 * External addresses for Services of type LoadBalancer, where no cloud controller manager gives them any. The whole range
 * leads to nodes, on which kube-proxy answers for those addresses that a Service has (its status, or its externalIPs): who
 * gives a Service an address need not tell the provider.
 */
export interface ServiceAddresses {
  /** As a range: `198.18.7.192/26`. Every address of it but the first and the last can be given. `not-found` without a network. */
  range(): Promise<string>;
  /**
   * The machines that new connections to the range are spread over, in name order. Where some of them say that they answer for an
   * address (service-announcements.ts), those alone get its connections.
   */
  nodes(): Promise<readonly string[]>;
  /**
   * Makes exactly these machines the ones; with none, the addresses are silent. Open connections stay where they are unless their
   * machine leaves. One whose power goes is left out until it is back. `not-found` without one of them, and nothing is changed.
   */
  setNodes(machines: readonly string[]): Promise<void>;
}

/**
 * Groups of clusters whose networks reach each other, where networks do not do so by themselves. Clusters that share a group reach each
 * other's API address and Services' addresses, with machines and pods alike, and nothing else of each other. A group is called by the uid
 * of the cluster that leads it, and ends with that cluster.
 */
export interface Groups {
  /** Those that the cluster is in, in order. */
  list(): Promise<readonly string[]>;
  /** False where a join or a leave was cut off, or a part was lost since: the same call finishes it, and so does {@link Network.ensure}. */
  inForce(): Promise<boolean>;
  /** In force when it returns, towards every cluster that is in it and has a network. `not-found` without a network. */
  join(group: string): Promise<void>;
  /** A group that the cluster is not in is no error. Open connections to its clusters end. */
  leave(group: string): Promise<void>;
}

export interface Network {
  readonly routes: NodeRoutes;
  /** Missing where machines reach other clusters anyway. */
  readonly groups?: Groups;
  /** False when any part is missing (after a reboot of the local provider's host, for instance). */
  ready(): Promise<boolean>;
  /** Firewall rules or security groups, nothing wider than needed; on the local provider bridge, rules and mounts. */
  ensure(): Promise<void>;
  /** The last call of a deletion: when it returns, nothing of the cluster is left in the cloud. */
  delete(): Promise<void>;
}
