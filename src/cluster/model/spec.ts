import { z } from 'zod';
import { providerNames } from '../../providers/registry.ts';
import {
  CIDR,
  CLUSTER_NAME,
  ETCD_VERSION,
  KUBERNETES_VERSION,
  MAX_REPLICAS,
  REPLICA_NAME,
  ZONE,
} from './names.ts';

const replicaSchema = z.strictObject({
  name: z.string().regex(REPLICA_NAME),
  zone: z.string().regex(ZONE),
});

const settingsSchema = z.strictObject({
  project: z.string().optional(),
  machineType: z.string().optional(),
  diskSizeGb: z.number().int().min(10).max(65_536).optional(),
  diskType: z.string().optional(),
  image: z.string().optional(),
  network: z.string().optional(),
  subnets: z.array(z.string()).optional(),
  allowFrom: z.array(z.string().regex(CIDR)).optional(),
  sshFrom: z.array(z.string().regex(CIDR)).optional(),
});

/**
 * What should be. The first eleven fields are fixed when the cluster is made; `replicas` is what commands change;
 * the rest are facts that nothing else remembers.
 */
export const clusterSpecSchema = z.strictObject({
  name: z.string().regex(CLUSTER_NAME),
  /** 16 random lower-case hex digits: the label that marks what is ours. */
  uid: z.string().regex(/^[0-9a-f]{16}$/),
  provider: z.enum(providerNames),
  region: z.string().regex(ZONE),
  /** Of the first replica that was made. */
  zone: z.string().regex(ZONE),
  multizone: z.boolean(),
  kubernetesVersion: z.string().regex(KUBERNETES_VERSION),
  etcdVersion: z.string().regex(ETCD_VERSION),
  apiPort: z.number().int().min(1).max(65_535),
  /** `auto`: from the second replica on. `always`: from the first, so that the address never moves. */
  balancer: z.enum(['auto', 'always']),
  /** The service network; its first address is the `kubernetes` service. */
  serviceCidr: z.string().regex(CIDR),
  settings: settingsSchema,

  replicas: z.array(replicaSchema).min(1).max(MAX_REPLICAS),

  /** Every name this cluster has ever given: none is given again. */
  usedNames: z.array(z.string()),
  /** True once the first etcd member has answered: from then on an empty disk is a lost replica, not a new cluster. */
  bootstrapped: z.boolean(),
  /** True once `haup delete` has begun: only deletion goes on. */
  deleting: z.boolean(),
  /** Terminal answers to a machine's creation so far, by name: makes the next request token a new one. */
  attempts: z.record(z.string(), z.number().int()),
});

export type ClusterSpec = z.infer<typeof clusterSpecSchema>;
export type ReplicaSpec = z.infer<typeof replicaSchema>;

/** The address sits on a balancer when there is more than one replica, or always if the user wants so. */
export function wantsBalancer(spec: ClusterSpec): boolean {
  return spec.balancer === 'always' || spec.replicas.length > 1;
}

/** The zones that hold replicas, each once, in the order of the spec. */
export function replicaZones(spec: ClusterSpec): string[] {
  return [...new Set(spec.replicas.map((replica) => replica.zone))];
}

export function wanted(spec: ClusterSpec, name: string): ReplicaSpec | undefined {
  return spec.replicas.find((replica) => replica.name === name);
}
