import { type Authorities, believed } from './authorities.ts';
import { type Issued, issueClient, issueServing, type LeafSigner, servingSigner } from './issue.ts';
import { kubeconfig } from './kubeconfig.ts';
import type { KubeletAuthorities } from './kubelet-authorities.ts';
import {
  type ClientProfileName,
  clientProfiles,
  type ReplicaIdentity,
  type ServingProfileName,
  servingProfiles,
} from './profiles.ts';
import { canonicalSan } from './sans.ts';

/** One file of a replica's. */
export interface PkiFile {
  readonly pem: string;
  /** Holds a private key: for its reader alone, and never shown. */
  readonly secret: boolean;
  readonly mode: 0o600 | 0o644;
}

/** What a replica serves and with whom it must share; port of its own API server. */
export interface ReplicaPkiInput extends ReplicaIdentity {
  readonly cluster: string;
  readonly apiPort: number;
}

/**
 * Where each goes on the master, below one folder. Authorities' certificates are copies; of authorities' private keys
 * only the kubelets' two and sa.key are here. `client-ca.crt` is what the API server believes clients by, `kubelet-ca.crt` what
 * it believes kubelets by: each is the cluster's authority, which haup signs with, and the root that the masters sign with. While one
 * takes another's place, both are in each.
 */
export type PkiFiles = ReadonlyMap<string, PkiFile>;

const clients = {
  'apiserver-kubelet-client': 'apiserver-kubelet-client',
  'apiserver-etcd-client': 'apiserver-etcd-client',
  endpoints: 'endpoints',
  'service-addresses': 'service-addresses',
  'controller-manager-lease': 'controller-manager-lease',
  'scheduler-lease': 'scheduler-lease',
  'etcd/client': 'etcd-client',
  'front-proxy-client': 'front-proxy-client',
} as const satisfies Record<string, ClientProfileName>;

/** Of a federation's masters besides. */
const federationClients = { federation: 'federation' } as const satisfies Record<string, ClientProfileName>;

function clientsOf({ federates }: ReplicaIdentity): [string, ClientProfileName][] {
  return Object.entries({ ...clients, ...(federates ? federationClients : {}) });
}

const servers = {
  apiserver: 'apiserver',
  'controller-manager': 'controller-manager-serving',
  scheduler: 'scheduler-serving',
  'etcd/server': 'etcd-server',
  'etcd/peer': 'etcd-peer',
} as const satisfies Record<string, ServingProfileName>;

/** Who comes with a kubeconfig, and as which user. */
const components = {
  'controller-manager': 'system:kube-controller-manager',
  scheduler: 'system:kube-scheduler',
  addons: 'haup:addons',
} as const satisfies Partial<Record<ClientProfileName, string>>;
type Component = keyof typeof components;

/**
 * All certificates, keys and kubeconfigs of one master replica, new, checked, by file name:
 *
 *     ca.crt  client-ca.crt  kubelet-ca.crt  kubelet-client-ca.{crt,key}  kubelet-serving-ca.{crt,key}
 *     front-proxy-ca.crt  sa.pub  sa.key  endpoints.{crt,key}  controller-manager-lease.{crt,key}  scheduler-lease.{crt,key}
 *     apiserver.{crt,key}  apiserver-kubelet-client.{crt,key}  apiserver-etcd-client.{crt,key}
 *     service-addresses.{crt,key}  federation.{crt,key} (of a federation)
 *     front-proxy-client.{crt,key}  controller-manager.{crt,key,conf}  scheduler.{crt,key,conf}  addons.conf
 *     etcd/ca.crt  etcd/server.{crt,key}  etcd/peer.{crt,key}  etcd/client.{crt,key}
 *
 * `controller-manager.crt` and `scheduler.crt` are for serving; the `.conf` are kubeconfigs for the local
 * API server.
 * @throws PkiError
 */
export async function issueReplica(
  input: ReplicaPkiInput,
  authorities: Authorities,
  kubelets: KubeletAuthorities,
  options: { readonly now?: number } = {},
): Promise<PkiFiles> {
  const files = new Map<string, PkiFile>(sharedFiles(authorities, kubelets));
  const issue = async (file: string, issued: Promise<Issued>): Promise<void> => {
    const { certPem, keyPem } = await issued;
    files.set(`${file}.crt`, shared(certPem)).set(`${file}.key`, secret(keyPem));
  };
  await Promise.all([
    ...clientsOf(input).map(([file, profile]) => issue(file, issueClient(profile, authorities, options))),
    ...Object.entries(servers).map(([file, profile]) =>
      issue(file, issueServing(profile, input, authorities, options)),
    ),
    ...(Object.keys(components) as Component[]).map(async (component) => {
      const issued = await issueClient(component, authorities, options);
      files.set(`${component}.conf`, secret(componentKubeconfig(input, component, authorities, issued)));
    }),
  ]);
  return files;
}

/** A certificate of a replica's, before it is issued. */
export interface ReplicaLeaf {
  /** Below the folder of certificates; a kubeconfig holds its own. */
  readonly file: string;
  readonly commonName: string;
  readonly signedBy: LeafSigner;
  /** DNS names and addresses. */
  readonly names: readonly string[];
}

/** Every leaf that {@link issueReplica} makes. */
export function replicaLeaves(replica: ReplicaIdentity): ReplicaLeaf[] {
  const client = (file: string, profile: ClientProfileName): ReplicaLeaf => {
    const { commonName, signedBy } = clientProfiles[profile];
    return { file, commonName, signedBy, names: [] };
  };
  return [
    ...clientsOf(replica).map(([file, profile]) => client(`${file}.crt`, profile)),
    ...(Object.keys(components) as Component[]).map((name) => client(`${name}.conf`, name)),
    ...Object.entries(servers).map(([file, name]): ReplicaLeaf => {
      const { commonName, sans } = servingProfiles[name];
      const names = [...new Set(sans(replica).map(canonicalSan))];
      const signedBy = servingSigner(name);
      return { file: `${file}.crt`, commonName: commonName(replica), signedBy, names };
    }),
  ];
}

/** What a replica has of the cluster's authorities, by file name. */
export function sharedFiles(
  { kubernetes, frontProxy, etcd, serviceAccount }: Authorities,
  { client, serving }: KubeletAuthorities,
) {
  return [
    ['ca.crt', shared(believed(kubernetes))],
    ['client-ca.crt', shared(believed(kubernetes) + believed(client))],
    ['kubelet-ca.crt', shared(believed(kubernetes) + believed(serving))],
    ['kubelet-client-ca.crt', shared(client.certPem)],
    ['kubelet-client-ca.key', secret(client.keyPem)],
    ['kubelet-serving-ca.crt', shared(serving.certPem)],
    ['kubelet-serving-ca.key', secret(serving.keyPem)],
    ['front-proxy-ca.crt', shared(believed(frontProxy))],
    ['etcd/ca.crt', shared(believed(etcd))],
    ['sa.pub', shared(serviceAccount.publicKeyPem + (serviceAccount.also ?? ''))],
    ['sa.key', secret(serviceAccount.privateKeyPem)],
  ] as const;
}

/** Through the local API server, never the balancer: a replica may not reach itself through it. */
function componentKubeconfig(
  { cluster, apiPort }: ReplicaPkiInput,
  component: Component,
  authorities: Authorities,
  issued: Issued,
): string {
  const server = `https://127.0.0.1:${apiPort}`;
  return kubeconfig({
    cluster,
    user: components[component],
    server,
    caPem: believed(authorities.kubernetes),
    ...issued,
  });
}

function shared(pem: string): PkiFile {
  return { pem, secret: false, mode: 0o644 };
}

function secret(pem: string): PkiFile {
  return { pem, secret: true, mode: 0o600 };
}
