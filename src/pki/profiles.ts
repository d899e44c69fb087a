import { firstServiceIp } from './sans.ts';
import type { ExtendedKeyUsage } from './usage.ts';

/** The authorities that sign leaves. Those for kubelets sign on the masters, never here. */
export type LeafAuthority = 'kubernetes' | 'etcd' | 'frontProxy';

/**
 * Where a replica answers. There is no place for an ephemeral public address, on purpose: it goes to somebody else when
 * the machine stops, and a certificate that names it would still be good.
 */
export interface ReplicaIdentity {
  readonly name: string;
  readonly internalIp: string;
  /** The cluster's API address. */
  readonly apiAddress: string;
  /** A static external IP of the replica's own, where it has one. */
  readonly staticExternalIp: string | null;
  readonly balancerDnsName: string | null;
  /** `10.96.0.0/12` */
  readonly serviceCidr: string;
  /** `cluster.local` */
  readonly clusterDomain: string;
  /** It is a federation's: there is a controller more. */
  readonly federates?: boolean;
}

interface Profile {
  readonly signedBy: LeafAuthority;
  readonly organization: string | null;
  readonly extendedKeyUsage: readonly ExtendedKeyUsage[];
}

export interface ClientProfile extends Profile {
  readonly commonName: string;
}

export interface ServingProfile extends Profile {
  readonly commonName: (replica: ReplicaIdentity) => string;
  readonly sans: (replica: ReplicaIdentity) => readonly string[];
}

const client = ['clientAuth'] as const;
const server = ['serverAuth'] as const;
const both = ['serverAuth', 'clientAuth'] as const;
const loopback = ['localhost', '127.0.0.1'] as const;

/** Who somebody is, to the API server (CN: user, O: group), to etcd (any will do) or to an extension API server. */
export const clientProfiles = {
  /**
   * haup itself, for minutes: `system:masters` works while RBAC is empty or broken, so nobody can lock themselves out, and
   * `haup create` needs no step that binds a group first. It cannot be revoked other than by a new authority.
   */
  admin: {
    signedBy: 'kubernetes',
    commonName: 'haup-admin',
    organization: 'system:masters',
    extendedKeyUsage: client,
  },
  /** The two names that the bootstrap RBAC policy binds to the components' roles. */
  'controller-manager': {
    signedBy: 'kubernetes',
    commonName: 'system:kube-controller-manager',
    organization: null,
    extendedKeyUsage: client,
  },
  scheduler: {
    signedBy: 'kubernetes',
    commonName: 'system:kube-scheduler',
    organization: null,
    extendedKeyUsage: client,
  },
  /** A kubelet asks the API server whether this user may; src/replicas/settings/rights.ts says yes. */
  'apiserver-kubelet-client': {
    signedBy: 'kubernetes',
    commonName: 'kube-apiserver-kubelet-client',
    organization: null,
    extendedKeyUsage: client,
  },
  /** What haup's own units on a master are to the API server; src/replicas/settings/rights.ts says what each may. */
  addons: {
    signedBy: 'kubernetes',
    commonName: 'haup:addons',
    organization: null,
    extendedKeyUsage: client,
  },
  endpoints: {
    signedBy: 'kubernetes',
    commonName: 'haup:endpoints',
    organization: null,
    extendedKeyUsage: client,
  },
  /** Without a right where a cloud gives Services their addresses. */
  'service-addresses': {
    signedBy: 'kubernetes',
    commonName: 'haup:service-addresses',
    organization: null,
    extendedKeyUsage: client,
  },
  /** The controller of a federation, on the masters of one. */
  federation: {
    signedBy: 'kubernetes',
    commonName: 'haup:federation',
    organization: null,
    extendedKeyUsage: client,
  },
  'controller-manager-lease': {
    signedBy: 'kubernetes',
    commonName: 'haup:lease:kube-controller-manager',
    organization: null,
    extendedKeyUsage: client,
  },
  'scheduler-lease': {
    signedBy: 'kubernetes',
    commonName: 'haup:lease:kube-scheduler',
    organization: null,
    extendedKeyUsage: client,
  },
  /** The bootstrap RBAC policy binds the name to system:node-proxier. */
  'kube-proxy': {
    signedBy: 'kubernetes',
    commonName: 'system:kube-proxy',
    organization: null,
    extendedKeyUsage: client,
  },
  'apiserver-etcd-client': {
    signedBy: 'etcd',
    commonName: 'kube-apiserver-etcd-client',
    organization: null,
    extendedKeyUsage: client,
  },
  /** haup through its SSH forward, and `etcdctl` in a shell on a master. */
  'etcd-client': {
    signedBy: 'etcd',
    commonName: 'haup-etcd-client',
    organization: null,
    extendedKeyUsage: client,
  },
  /** Must be the API server's `--requestheader-allowed-names`. */
  'front-proxy-client': {
    signedBy: 'frontProxy',
    commonName: 'front-proxy-client',
    organization: null,
    extendedKeyUsage: client,
  },
} as const satisfies Record<string, ClientProfile>;

/** What answers on a replica. */
export const servingProfiles = {
  apiserver: {
    signedBy: 'kubernetes',
    commonName: () => 'kube-apiserver',
    organization: null,
    extendedKeyUsage: server,
    sans: (replica) => [
      replica.apiAddress,
      replica.internalIp,
      ...(replica.staticExternalIp === null ? [] : [replica.staticExternalIp]),
      ...loopback,
      firstServiceIp(replica.serviceCidr),
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      `kubernetes.default.svc.${replica.clusterDomain}`,
      replica.name,
      ...(replica.balancerDnsName === null ? [] : [replica.balancerDnsName]),
    ],
  },
  /** clientAuth too: etcd's JSON gateway is a client of its own server with this certificate. Loopback only. */
  'etcd-server': {
    signedBy: 'etcd',
    commonName: (replica) => replica.name,
    organization: null,
    extendedKeyUsage: both,
    sans: (replica) => [...loopback, replica.name],
  },
  /** A member is server and client of its peers; etcd also checks that a peer comes from an address in here. */
  'etcd-peer': {
    signedBy: 'etcd',
    commonName: (replica) => replica.name,
    organization: null,
    extendedKeyUsage: both,
    sans: (replica) => [replica.internalIp, replica.name],
  },
  'controller-manager-serving': {
    signedBy: 'kubernetes',
    commonName: () => 'kube-controller-manager',
    organization: null,
    extendedKeyUsage: server,
    sans: (replica) => [...loopback, replica.name],
  },
  'scheduler-serving': {
    signedBy: 'kubernetes',
    commonName: () => 'kube-scheduler',
    organization: null,
    extendedKeyUsage: server,
    sans: (replica) => [...loopback, replica.name],
  },
} as const satisfies Record<string, ServingProfile>;

export type ClientProfileName = keyof typeof clientProfiles;
export type ServingProfileName = keyof typeof servingProfiles;
