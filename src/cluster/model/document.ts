import { z } from 'zod';
import { isOthersLabel, LABEL_VALUE, QUALIFIED_NAME } from './labels.ts';
import { MAX_NODES, MAX_REPLICAS, ZONE } from './names.ts';
import {
  backupSchema,
  type ClusterSpec,
  revisable,
  settingsSchema,
  taintSchema,
  writtenShape,
} from './spec.ts';

const { machineType, diskSizeGb, diskType, image, nodeMachineType, nodeDiskSizeGb } = settingsSchema.shape;
const machinesShape = { machineType, diskSizeGb, diskType, image, nodeMachineType, nodeDiskSizeGb };

const inZones = (most: number) => z.record(z.string().regex(ZONE), z.number().int().min(0).max(most));

/** What is said when the cluster is made, and never again. */
const fixedShape = {
  provider: z.string(),
  region: z.string(),
  multizone: z.boolean(),
  apiPort: z.number().int(),
  serviceCidr: z.string(),
  clusterCidr: z.string(),
  cni: z.enum(['haup', 'none']),
};
export const FIXED = Object.keys(fixedShape) as readonly (keyof typeof fixedShape)[];

const qualifiedName = z.string().regex(QUALIFIED_NAME, 'must be a name such as disk or example.com/disk');
const labelKey = qualifiedName.refine(
  (key) => !isOthersLabel(key),
  'must be a label that a node may give itself (none of kubernetes.io)',
);
const labelValue = z.string().regex(LABEL_VALUE, 'must be at most 63 letters, digits, -, _ and .');

/** The desired state of a cluster, as users write it. What is not in it stays as it is. docs/cluster.schema.json is made of this. */
export const clusterDocument = z
  .strictObject({
    cluster: z.string(),
    ...fixedShape,
    balancer: z.enum(['auto', 'always']),
    /** How many master replicas in which zone; in a zone that is not named, none. */
    replicas: inZones(MAX_REPLICAS),
    nodes: z
      .strictObject({
        /** As `replicas`. */
        zones: inZones(MAX_NODES),
        /** Of nodes that are made from now on. */
        labels: z.record(labelKey, labelValue),
        taints: z.array(taintSchema.extend({ key: qualifiedName, value: labelValue.optional() })),
      })
      .partial(),
    /** Of machines that are made from now on. */
    machines: z.strictObject(machinesShape),
    ...writtenShape,
    /** Null: none. */
    backup: backupSchema
      .omit({ generation: true })
      .extend({
        /** On the operator's machine: what masters write to a repository with that is another than before. */
        credentialsFile: z.string().min(1).optional(),
      })
      .nullable(),
  })
  .partial();

export type ClusterDocument = z.infer<typeof clusterDocument>;

/** The present state as such a document. */
export function documentOf(spec: ClusterSpec): ClusterDocument {
  const { name: cluster, provider, region, multizone, apiPort, serviceCidr, clusterCidr, cni } = spec;
  const { wayBack: _, generations: __, ...written } = revisable(spec);
  const machines = Object.entries(spec.settings).filter(
    ([key, value]) => key in machinesShape && value !== undefined,
  );
  const { generation: ___, ...backup } = spec.backup ?? { generation: 0 };
  return {
    ...{ cluster, provider, region, multizone, apiPort, serviceCidr, clusterCidr, cni },
    balancer: spec.balancer,
    replicas: byZone(spec.replicas),
    nodes: { zones: byZone(spec.nodes), labels: spec.nodeLabels, taints: spec.nodeTaints },
    machines: Object.fromEntries(machines),
    ...written,
    backup: spec.backup ? (backup as ClusterDocument['backup']) : null,
  };
}

/** How many of them in which zone. */
export function byZone(list: readonly { readonly zone: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { zone } of list) counts[zone] = (counts[zone] ?? 0) + 1;
  return counts;
}

/** `requestTimeoutSeconds: 60 → 61`, a line each. */
export function differencesBetween(before: object, after: object, path = ''): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.flatMap((key) => {
    const [was, is] = [before, after].map((each) => (each as Record<string, unknown>)[key]);
    if (isObject(was) || isObject(is))
      return differencesBetween(Object(was ?? {}), Object(is ?? {}), `${path}${key}.`);
    return was === is ? [] : [`${path}${key}: ${was ?? 'not set'} → ${is ?? 'not set'}`];
  });
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
