import { z } from 'zod';
import { providerNames } from '../../providers/registry.ts';
import { generationsSchema, rotatingSchema } from './generations.ts';
import {
  CIDR,
  CLUSTER_NAME,
  ETCD_VERSION,
  KUBERNETES_VERSION,
  MAX_NODES,
  MAX_REPLICAS,
  REPLICA_NAME,
  ZONE,
} from './names.ts';

/** Clusters of before nodes have it too: nothing of theirs is in it. */
export const DEFAULT_CLUSTER_CIDR = '10.244.0.0/16';

const replicaSchema = z.strictObject({
  name: z.string().regex(REPLICA_NAME),
  zone: z.string().regex(ZONE),
});

export const settingsSchema = z.strictObject({
  project: z.string().optional(),
  /** Found out when the cluster is made, where credentials alone say it. */
  account: z.string().optional(),
  machineType: z.string().optional(),
  diskSizeGb: z.number().int().min(10).max(65_536).optional(),
  diskType: z.string().optional(),
  image: z.string().optional(),
  network: z.string().optional(),
  subnets: z.array(z.string()).optional(),
  allowFrom: z.array(z.string().regex(CIDR)).optional(),
  sshFrom: z.array(z.string().regex(CIDR)).optional(),
  nodeMachineType: z.string().optional(),
  nodeDiskSizeGb: z.number().int().min(10).max(65_536).optional(),
});

export const taintSchema = z.strictObject({
  key: z.string().min(1),
  value: z.string().optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
});

/** A machine that runs pods. */
const nodeSchema = z.strictObject({
  name: z.string().regex(REPLICA_NAME),
  zone: z.string().regex(ZONE),
});

/** Beyond what haup sets itself; flags without their dashes. */
const extraArguments = z.record(z.string().regex(/^[a-z][a-z0-9-]{0,80}$/), z.string().regex(/^[^\n\0]*$/));

const gates = z.record(z.string().regex(/^[A-Z][A-Za-z0-9]{0,80}$/), z.boolean());

/** Without credentials: what is in a spec is shown to whoever asks for it. */
const proxyUrl = z
  .string()
  .regex(/^https?:\/\/[^\s@"\\]+$/, 'must be a URL of a proxy, without a user or a password');

/** What a change puts on every replica, one at a time. */
const revisableShape = {
  kubernetesVersion: z.string().regex(KUBERNETES_VERSION),
  etcdVersion: z.string().regex(ETCD_VERSION),
  /** The API servers' limit for a request that is not long-running. Clusters of before have it from here, too. */
  requestTimeoutSeconds: z.number().int().min(5).max(3600).default(60),
  extraArguments: z
    .strictObject({
      apiServer: extraArguments.optional(),
      controllerManager: extraArguments.optional(),
      scheduler: extraArguments.optional(),
      etcd: extraArguments.optional(),
    })
    .optional(),
  featureGates: z
    .strictObject({
      apiServer: gates.optional(),
      controllerManager: gates.optional(),
      scheduler: gates.optional(),
    })
    .optional(),
  /** Of the API servers' AuthenticationConfiguration: who else is believed, by OIDC. The rest of each is Kubernetes' affair. */
  authentication: z
    .strictObject({
      jwt: z
        .array(
          z.looseObject({
            issuer: z.looseObject({
              url: z.string().regex(/^https:\/\//),
              audiences: z.array(z.string().min(1)).min(1),
            }),
            claimMappings: z.looseObject({ username: z.looseObject({}) }),
          }),
        )
        .max(64),
    })
    .optional(),
  /** In the place of haup's own. */
  auditPolicy: z
    .looseObject({
      apiVersion: z.literal('audit.k8s.io/v1'),
      kind: z.literal('Policy'),
      rules: z
        .array(z.looseObject({ level: z.enum(['None', 'Metadata', 'Request', 'RequestResponse']) }))
        .min(1),
    })
    .optional(),
  /** Of the API servers' AdmissionConfiguration. */
  admission: z
    .strictObject({
      plugins: z.array(
        z.strictObject({ name: z.string().regex(/^[A-Za-z]+$/), configuration: z.looseObject({}) }),
      ),
    })
    .optional(),
  /** By which API servers reach webhooks and issuers outside; what has a private address they reach themselves. */
  proxy: z
    .strictObject({
      http: proxyUrl.optional(),
      https: proxyUrl.optional(),
      /** Names and networks that are reached directly, too. */
      no: z.array(z.string().regex(/^[A-Za-z0-9.*:/_-]+$/)).optional(),
    })
    .optional(),
  /**
   * Where an upgrade can go back to. While it is of an older minor, API servers, controller manager and scheduler behave like that
   * minor's, so that nothing is stored that it could not read.
   */
  wayBack: z
    .strictObject({
      kubernetesVersion: z.string().regex(KUBERNETES_VERSION),
      etcdVersion: z.string().regex(ETCD_VERSION),
    })
    .optional(),
  /** Of authorities and keys, where it is not the first alone: see generations.ts. */
  generations: generationsSchema.optional(),
};

/** Of that, what users write in a document. */
const { wayBack: _, generations: __, ...written } = revisableShape;
export const writtenShape = { ...written, requestTimeoutSeconds: z.number().int().min(5).max(3600) };

/** A change of what is on the replicas, under way: they are brought to it one at a time. Gone once all have it. */
const changeSchema = z.strictObject({
  /** Another for each change, of lower-case letters and digits: what is made for it on the machines says so. */
  id: z.string().regex(/^[a-z0-9]{1,32}$/),
  /** What was wanted before: all are to have it again if the first replica does not come back well. */
  before: z.strictObject(revisableShape),
  /** It is taken back: by name the one replica that has had it; null: none had. */
  back: z.string().regex(REPLICA_NAME).nullable().optional(),
  /** It is the way back of one that was abandoned half-way: what was wanted before it is what nobody wants any more. */
  returns: z.literal(true).optional(),
  /** The only replica, whose successor is the first to have the change; it leaves when that works, and is there again if not. */
  surge: replicaSchema.optional(),
});

/** A quorum that is lost for good, given up: one survivor becomes a cluster of one. Gone once it has. */
const rescueSchema = z.strictObject({
  survivor: z.string().regex(REPLICA_NAME),
  /** Machines that cannot be reached, of which the operator says that they stay away. */
  fenced: z.array(z.string().regex(REPLICA_NAME)),
  /** RFC 3339: when the survivor last heard of a write. What the others accepted after that is lost. */
  heard: z.string().nullable(),
  /** Nobody survived: what the survivor-to-be, a new machine, gets for data. `taken`: RFC 3339. */
  backup: z.strictObject({ id: z.string(), taken: z.string() }).optional(),
});

/** etcd's data, with all that it takes to use it, goes to a repository by itself. */
export const backupSchema = z.strictObject({
  /** As restic is told: `s3:https://host/bucket/prefix`, `/folder` … */
  to: z.string().min(1),
  everySeconds: z.number().int().min(15).max(86_400),
  /** How long all, then one an hour, then one a day are kept. */
  keep: z.strictObject({
    allHours: z.number().int().min(1),
    hourlyDays: z.number().int().min(0),
    dailyDays: z.number().int().min(0),
  }),
  /** One more whenever any of it is another, keys included: what a master was told is known by that. */
  generation: z.number().int().min(1),
});

/**
 * What should be. The first fields are fixed when the cluster is made; the rest is what commands change.
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
  apiPort: z.number().int().min(1).max(65_535),
  /** `auto`: from the second replica on. `always`: from the first, so that the address never moves. */
  balancer: z.enum(['auto', 'always']),
  /** The service network; its first address is the `kubernetes` service. */
  serviceCidr: z.string().regex(CIDR),
  /** The addresses of all pods, a /24 for each node. */
  clusterCidr: z.string().regex(CIDR).default(DEFAULT_CLUSTER_CIDR),
  /** `none`: the user brings the pods' network. */
  cni: z.enum(['haup', 'none']).default('haup'),
  /** Files on the operator's machine: OCI archives that nodes import. */
  images: z.array(z.string()).default([]),
  settings: settingsSchema,
  /** Of every node that is made. */
  nodeLabels: z.record(z.string(), z.string()).default({}),
  nodeTaints: z.array(taintSchema).default([]),

  ...revisableShape,
  change: changeSchema.optional(),
  rotating: rotatingSchema.optional(),
  replicas: z.array(replicaSchema).min(1).max(MAX_REPLICAS),
  nodes: z.array(nodeSchema).max(MAX_NODES).default([]),

  /**
   * Every name this cluster has ever given: none is given again. No wish, but part of every change of `replicas` and `nodes`: a name is
   * used up by the same save that first wants it.
   */
  usedNames: z.array(z.string()),
  /** What is wanted is that nothing is left, since `haup delete` began: only deletion goes on. */
  deleting: z.boolean(),
  /** It keeps objects for member clusters, and runs nothing. Fixed when it is made. */
  federation: z.literal(true).optional(),
  backup: backupSchema.optional(),
  rescue: rescueSchema.optional(),
  /** Whose etcd was given up by a rescue: should it run again, it is another cluster's, and is not asked. */
  givenUp: z.array(z.string()).optional(),
});

export type ClusterSpec = z.infer<typeof clusterSpecSchema>;
export type ReplicaSpec = z.infer<typeof replicaSchema>;
export type BackupSpec = z.infer<typeof backupSchema>;
export type Rescue = z.infer<typeof rescueSchema>;
export type NodeSpec = z.infer<typeof nodeSchema>;
export type ClusterChange = z.infer<typeof changeSchema>;
/** What a change puts on every replica. */
export type Revisable = ClusterChange['before'];

/** What a change of this spec would put on every replica. */
export function revisable(spec: ClusterSpec): Revisable {
  const of = Object.entries(spec).filter(([key, value]) => key in revisableShape && value !== undefined);
  return Object.fromEntries(of) as Revisable;
}

/** The spec with that put in, and nothing left of what it had of it. */
export function revised(spec: ClusterSpec, wanted: Revisable): ClusterSpec {
  const kept = Object.entries(spec).filter(([key]) => !(key in revisableShape));
  return { ...(Object.fromEntries(kept) as ClusterSpec), ...wanted };
}

/** The address sits on a balancer when there is more than one replica, or always if the user wants so. */
export function wantsBalancer(spec: ClusterSpec): boolean {
  return spec.balancer === 'always' || spec.replicas.length > 1;
}

/** The zones that hold replicas, each once, in the order of the spec. */
export function replicaZones(spec: ClusterSpec): string[] {
  return [...new Set(spec.replicas.map((replica) => replica.zone))];
}

export function wanted(spec: Pick<ClusterSpec, 'replicas'>, name: string): ReplicaSpec | undefined {
  return spec.replicas.find((replica) => replica.name === name);
}

export function wantedNode(spec: ClusterSpec, name: string): NodeSpec | undefined {
  return spec.nodes.find((node) => node.name === name);
}
