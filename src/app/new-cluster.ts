import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import type { Addon } from '../addons/addons.ts';
import { InputError } from '../cluster/model/errors.ts';
import { checkNetworks } from '../cluster/model/networks.ts';
import { type ClusterSpec, DEFAULT_CLUSTER_CIDR } from '../cluster/model/spec.ts';
import { withNodes } from '../cluster/plan/nodes/node-changes.ts';
import { withReplicas } from '../cluster/plan/spec-changes.ts';
import type { Taint } from '../nodes/config.ts';
import { newNodeName } from '../nodes/names.ts';
import type { ProviderSettings } from '../providers/provider.ts';
import { type ProviderName, providers } from '../providers/registry.ts';
import { newReplicaName } from '../replicas/names.ts';

const SERVICE_CIDR = '10.96.0.0/12';

/** What somebody wants to be made. */
export interface NewCluster {
  readonly name: string;
  readonly provider: ProviderName;
  readonly region: string;
  /** One for each replica. */
  readonly zones: readonly string[];
  readonly multizone: boolean;
  readonly kubernetesVersion: string;
  readonly etcdVersion: string;
  readonly apiPort: number;
  readonly requestTimeoutSeconds: number;
  readonly balancer: 'auto' | 'always';
  /** One for each node. */
  readonly nodeZones: readonly string[];
  readonly clusterCidr: string | undefined;
  readonly serviceCidr: string | undefined;
  readonly cni: 'haup' | 'none';
  /** Paths of OCI archives. */
  readonly images: readonly string[];
  /** The user's: what the masters keep in the cluster besides haup's own. */
  readonly addons: readonly Addon[];
  /** Of every node. */
  readonly nodeLabels: Readonly<Record<string, string>>;
  readonly nodeTaints: readonly Taint[];
  /** It is to be a federation. */
  readonly federation?: boolean;
  readonly settings: ProviderSettings;
}

/** @throws InputError */
export function checkAddons(addons: readonly Addon[]): void {
  if (new Set(addons.map(({ name }) => name)).size < addons.length)
    throw new InputError('two folders of add-ons have one name: rename one of them');
}

/** @throws InputError for what cannot be made. */
export function newSpec(request: NewCluster): ClusterSpec {
  const { zones, nodeZones, clusterCidr, serviceCidr, addons, federation, ...rest } = request;
  checkAddons(addons);
  const networks = {
    serviceCidr: serviceCidr ?? SERVICE_CIDR,
    clusterCidr: clusterCidr ?? DEFAULT_CLUSTER_CIDR,
  };
  checkNetworks(networks, providers[request.provider].networks);
  const empty: ClusterSpec = {
    ...rest,
    settings: { ...request.settings } as ClusterSpec['settings'],
    uid: randomBytes(8).toString('hex'),
    zone: zones[0] ?? '',
    ...networks,
    nodeLabels: { ...request.nodeLabels },
    nodeTaints: request.nodeTaints.map((taint) => ({ ...taint })),
    nodes: [],
    images: request.images.map((path) => resolve(path)),
    replicas: [],
    usedNames: [],
    deleting: false,
    ...(federation ? { federation } : {}),
  };
  return withNodes(withReplicas(empty, zones, newReplicaName), nodeZones, newNodeName);
}
