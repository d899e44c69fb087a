import { parseCidr } from '../../util/ipv4.ts';
import type { ClusterIdentity, MachineRole } from '../provider.ts';

/** GCE's rule for resource names (compute v1 reference, `name` of every resource). */
export const GCE_NAME = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * What the cluster's resources are called. Machines are named as their replicas; everything else carries the first
 * eight digits of the uid, so that no two clusters share a name whatever they are called, and a cluster made anew under
 * an old name never meets what its predecessor left. 40 + 1 + 8 + 1 + 13 = 63 characters, GCE's limit.
 */
export interface Names {
  /** Network tag of the cluster's masters: what the firewall rules aim at. */
  readonly tag: string;
  /** Network tag of the cluster's nodes. */
  readonly nodeTag: string;
  readonly address: string;
  /** The forwarding rule with the API address. */
  readonly rule: string;
  /** The forwarding rule with an ephemeral address that gives the targets health before the API address comes. */
  readonly warmRule: string;
  readonly backendService: string;
  readonly healthCheck: string;
  /** One instance group a zone, all with this name. */
  readonly group: string;
  firewall(part: FirewallPart): string;
  /** The route to a range of pods: `…-p0ac80100-24` of 10.200.1.0/24, its address in hexadecimal. */
  route(destination: string): string;
  /** Matches the names of everything but the machines, as a GCE `eq` filter (RE2, whole field). */
  readonly pattern: string;
}

export type FirewallPart =
  | ('api' | 'ssh' | 'masters' | 'health' | 'closed')
  /** Of clusters with nodes. */
  | ('kubelets' | 'node-api' | 'pods' | 'to-pods');

export function namesOf(cluster: ClusterIdentity): Names {
  const prefix = `${cluster.name}-${cluster.uid.slice(0, 8)}`;
  return {
    tag: prefix,
    nodeTag: `${prefix}-nodes`,
    address: `${prefix}-api`,
    rule: `${prefix}-api`,
    warmRule: `${prefix}-warm`,
    backendService: `${prefix}-masters`,
    healthCheck: `${prefix}-readyz`,
    group: `${prefix}-masters`,
    firewall: (part) => `${prefix}-${part}`,
    route(destination) {
      const address = parseCidr(destination).first.toString(16).padStart(8, '0');
      return `${prefix}-p${address}-${destination.split('/')[1]}`;
    },
    pattern: `${prefix}-.*`,
  };
}

/** Says what a machine is for; machines from before roles lack it. */
export const ROLE_LABEL = 'haup-role';

/** Labels of machines and disks, the types that take labels when they are made. `haup-uid` decides ownership. */
export function labelsOf(
  cluster: ClusterIdentity,
  machine: { readonly name: string; readonly role: MachineRole },
): Record<string, string> {
  const { name, role } = machine;
  return { 'haup-cluster': cluster.name, 'haup-uid': cluster.uid, 'haup-replica': name, [ROLE_LABEL]: role };
}

/**
 * The label of the types that have none (firewalls, groups, health checks, backend services) or take none when they
 * are made (addresses and forwarding rules: "can only be added or modified by the setLabels method", compute v1
 * reference). Decides ownership.
 */
export function descriptionOf(cluster: ClusterIdentity): string {
  return `haup-cluster=${cluster.name} haup-uid=${cluster.uid}`;
}

/** `europe-west1` of `europe-west1-b`. */
export function regionOf(zone: string): string {
  return zone.replace(/-[a-z]$/, '');
}

/** The last part of a resource URL: `demo-master` of `…/zones/europe-west1-b/instances/demo-master`. */
export function lastPart(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}
