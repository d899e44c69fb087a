/** How a kind is shared out: whole to everybody, or so many of it to each. */
export type Share = 'whole' | 'replicas' | 'job' | 'autoscaler';

export interface Kind {
  readonly kind: string;
  readonly apiVersion: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly share: Share;
}

/** What a federation keeps in its members. A kind more is a line here, a form (plan/form.ts) and a status (plan/status.ts) if it has one. */
export const kinds = {
  Namespace: core('Namespace', 'namespaces', false),
  ConfigMap: core('ConfigMap', 'configmaps'),
  Secret: core('Secret', 'secrets'),
  Service: core('Service', 'services'),
  Ingress: of('Ingress', 'networking.k8s.io/v1', 'ingresses', 'whole'),
  Deployment: of('Deployment', 'apps/v1', 'deployments', 'replicas'),
  ReplicaSet: of('ReplicaSet', 'apps/v1', 'replicasets', 'replicas'),
  DaemonSet: of('DaemonSet', 'apps/v1', 'daemonsets', 'whole'),
  Job: of('Job', 'batch/v1', 'jobs', 'job'),
  HorizontalPodAutoscaler: of(
    'HorizontalPodAutoscaler',
    'autoscaling/v2',
    'horizontalpodautoscalers',
    'autoscaler',
  ),
} as const satisfies Readonly<Record<string, Kind>>;

export type KindName = keyof typeof kinds;
export const kindNames = Object.keys(kinds) as readonly KindName[];

function core(kind: string, plural: string, namespaced = true): Kind {
  return { kind, apiVersion: 'v1', plural, namespaced, share: 'whole' };
}

function of(kind: string, apiVersion: string, plural: string, share: Share): Kind {
  return { kind, apiVersion, plural, namespaced: true, share };
}

/** Where objects of a kind are in the API; in all namespaces, or in one. */
export function collectionPath(
  { apiVersion, plural }: Pick<Kind, 'apiVersion' | 'plural'>,
  namespace?: string,
): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return namespace === undefined ? `${root}/${plural}` : `${root}/namespaces/${namespace}/${plural}`;
}

export function objectPath(
  kind: Pick<Kind, 'apiVersion' | 'plural'>,
  { name, namespace }: { readonly name: string; readonly namespace?: string | undefined },
): string {
  return `${collectionPath(kind, namespace)}/${encodeURIComponent(name)}`;
}
