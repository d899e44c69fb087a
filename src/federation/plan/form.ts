import { createHash } from 'node:crypto';
import type { Kind, KindName } from '../model/kinds.ts';
import {
  FEDERATION_LABEL,
  FORM_ANNOTATION,
  OBJECT_ANNOTATION,
  OWN_PREFIX,
  UID_ANNOTATION,
} from '../model/names.ts';
import { type ApiObject, type Fields, fieldsOf, listOf, nameOf } from '../model/object.ts';

/** Which federation: its name, and what tells it from another one of that name. */
export interface Identity {
  readonly federation: string;
  /** Of the federation's `kube-system` namespace. */
  readonly uid: string;
}

/** What is another in each cluster. Absent: as the federated object says. */
export interface Portion {
  readonly replicas?: number;
  readonly parallelism?: number;
  readonly completions?: number;
  readonly minReplicas?: number;
  readonly maxReplicas?: number;
  /** The replicas are somebody else's, and only said again so that they stay: that they are others now makes no other form. */
  readonly led?: boolean;
}

/** Annotations that some tool or controller writes for itself. */
const OTHERS = [
  'kubectl.kubernetes.io/last-applied-configuration',
  'deployment.kubernetes.io/revision',
  'deprecated.daemonset.template.generation',
  'batch.kubernetes.io/job-tracking',
];
/** What an API server puts into a Job's pods so that it finds them again. */
const JOB_LABELS = [
  'controller-uid',
  'job-name',
  'batch.kubernetes.io/controller-uid',
  'batch.kubernetes.io/job-name',
];

type Reform = (object: ApiObject, portion: Portion) => Fields;

/** What is left of an object once what each API server decides for itself is taken out, by kind. */
const reforms: Readonly<Record<KindName, Reform>> = {
  Namespace: () => ({}),
  ConfigMap: ({ data, binaryData, immutable }) => defined({ data, binaryData, immutable }),
  Secret: ({ data, type, immutable }) => defined({ data, type, immutable }),
  Service: ({ spec = {} }) => ({ spec: serviceSpec(spec) }),
  Ingress: ({ spec = {} }) => ({ spec }),
  Deployment: scaled,
  ReplicaSet: scaled,
  DaemonSet: ({ spec = {} }) => ({ spec }),
  Job: ({ spec = {} }, { parallelism, completions }) => ({
    spec: { ...jobSpec(spec), ...defined({ parallelism, completions }) },
  }),
  HorizontalPodAutoscaler: ({ spec = {} }, { minReplicas, maxReplicas }) => ({
    spec: { ...spec, ...defined({ minReplicas, maxReplicas }) },
  }),
};

/** What is to be applied in a cluster: the federated object without what is another in each cluster, and marked as the federation's. */
export function formOf(kind: Kind, object: ApiObject, portion: Portion, identity: Identity): ApiObject {
  const { name, namespace, labels = {}, annotations = {} } = object.metadata;
  const bare = {
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    metadata: {
      ...{ name, ...(namespace === undefined ? {} : { namespace }) },
      labels: { ...labels, [FEDERATION_LABEL]: identity.federation },
      annotations: {
        ...without(annotations, isOthers),
        [UID_ANNOTATION]: identity.uid,
        [OBJECT_ANNOTATION]: nameOf(object),
      },
    },
    ...reforms[kind.kind as KindName](object, portion),
  };
  const digest = createHash('sha256')
    .update(stable(ownPart(bare, portion)))
    .digest('hex')
    .slice(0, 16);
  const marked = { ...bare.metadata.annotations, [FORM_ANNOTATION]: digest };
  return { ...bare, metadata: { ...bare.metadata, annotations: marked } } as ApiObject;
}

function ownPart(bare: Fields, { led = false }: Portion): Fields {
  return led ? { ...bare, spec: without(fieldsOf(bare.spec), (field) => field === 'replicas') } : bare;
}

export function formDigest({ metadata }: Pick<ApiObject, 'metadata'>): string | undefined {
  return metadata.annotations?.[FORM_ANNOTATION];
}

/**
 * The federation put it there, this one and not another of its name; a copy of such an object was put there by whoever copied it. One
 * that was marked before marks said whose they are counts until it is applied again.
 */
export function isOurs(object: Pick<ApiObject, 'metadata'>, { federation, uid }: Identity): boolean {
  const { labels, annotations = {} } = object.metadata;
  const marked = annotations[OBJECT_ANNOTATION] ?? nameOf(object);
  return (
    labels?.[FEDERATION_LABEL] === federation &&
    annotations[UID_ANNOTATION] === uid &&
    marked === nameOf(object)
  );
}

function isOthers(annotation: string): boolean {
  return annotation.startsWith(OWN_PREFIX) || OTHERS.includes(annotation);
}

function scaled({ spec = {} }: ApiObject, { replicas }: Portion): Fields {
  return { spec: { ...spec, ...defined({ replicas }) } };
}

/** Addresses and node ports are each cluster's own; that a Service has none at all is not. */
function serviceSpec(spec: Fields): Fields {
  const own = ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'healthCheckNodePort'];
  const bare = without(spec, (field) => own.includes(field));
  const headless = spec.clusterIP === 'None' ? { clusterIP: 'None' } : {};
  const ports = listOf(spec.ports).map((port) => without(fieldsOf(port), (field) => field === 'nodePort'));
  return { ...bare, ...headless, ...(ports.length > 0 ? { ports } : {}) };
}

/** Its selector is each cluster's own. That it goes once it is finished is left out: the federation would make it again, and it would run again. */
function jobSpec(given: Fields): Fields {
  const spec = without(given, (field) => field === 'ttlSecondsAfterFinished');
  if (spec.manualSelector === true) return spec;
  const template = fieldsOf(spec.template);
  const metadata = fieldsOf(template.metadata);
  const labels = without(fieldsOf(metadata.labels), (label) => JOB_LABELS.includes(label));
  return {
    ...without(spec, (field) => field === 'selector'),
    template: { ...template, metadata: { ...metadata, labels } },
  };
}

function without(fields: Fields, drop: (field: string) => boolean): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([field]) => !drop(field)));
}

function defined(fields: Fields): Fields {
  return without(fields, (field) => fields[field] === undefined);
}

/** The same text for the same fields, in whatever order. */
function stable(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stable).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${stable(item)}`).join(',')}}`;
}
