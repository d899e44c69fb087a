import { randomBytes } from 'node:crypto';
import type { Addon } from '../addons/addons.ts';
import type { PkiFiles } from '../pki/replica.ts';
import type { EncryptionKey } from './settings/encryption.ts';

/** Everything that makes a machine a replica of one cluster. Addresses are IPv4, in the dotted form. */
export interface ReplicaConfig {
  /** Of the cluster. */
  readonly uid: string;
  readonly cluster: string;
  readonly name: string;
  readonly internalIp: string;
  readonly apiAddress: string;
  readonly apiPort: number;
  readonly serviceCidr: string;
  /** The pods of all nodes; each node gets a /24 of it. */
  readonly clusterCidr: string;
  /** Of requests that are not long-running. */
  readonly requestTimeoutSeconds: number;
  /** `v1.37.1` */
  readonly kubernetesVersion: string;
  /** `v3.7.3` */
  readonly etcdVersion: string;
  /** Beyond what haup sets itself, by component: flags without their dashes. */
  readonly extraArguments?: ExtraArguments;
  readonly featureGates?: FeatureGates | undefined;
  /** Of the AuthenticationConfiguration. */
  readonly authentication?: { readonly jwt: readonly object[] } | undefined;
  /** In the place of haup's own. */
  readonly auditPolicy?: object | undefined;
  /** Of the AdmissionConfiguration. */
  readonly admission?: { readonly plugins: readonly AdmissionPlugin[] } | undefined;
  readonly proxy?: WayOut | undefined;
  /** An older minor, `1.36`, that Kubernetes' programs behave like; absent: their own. */
  readonly emulated?: string;
  readonly binaries: ReplicaBinaries;
  /** The change of the spec that it is made for, if one is under way. Goes into no file of the release. */
  readonly change?: string;
  readonly pki: PkiFiles;
  /** The same on every replica of the cluster; the first is written with. Secrets. See {@link newEncryptionKey}. */
  readonly encryptionKeys: readonly EncryptionKey[];
  /**
   * How long a stopping API server goes on serving while `/readyz` already fails: as long as the balancer's health
   * check needs to notice.
   */
  readonly shutdownDelaySeconds: number;
  /** Makes the API address a local address of the machine (GCE delivers the balancer's packets unchanged). */
  readonly localRoute: boolean;
  /** What this machine helps to give Services of type LoadBalancer: `198.18.7.192/26`; null where that is a cloud's affair. */
  readonly serviceAddresses: string | null;
  /** Of a federation: what its masters run besides, and what they run not. */
  readonly federation?: FederationParts;
  /** What the add-on unit keeps in the cluster, besides the rights of haup's own. */
  readonly addons: readonly Addon[];
}

export interface FederationParts {
  /** The controller's program, one file of JavaScript. */
  readonly program: string;
  /** Where the machine is shown a Node.js to run it with; null: it has the distribution's. In no file of the release. */
  readonly node: string | null;
}

export const COMPONENTS = ['apiServer', 'controllerManager', 'scheduler', 'etcd'] as const;
export type Component = (typeof COMPONENTS)[number];
export type ExtraArguments = Readonly<
  Partial<Record<Component, Readonly<Record<string, string>> | undefined>>
>;

export type FeatureGates = Readonly<
  Partial<Record<Component, Readonly<Record<string, boolean>> | undefined>>
>;

export interface AdmissionPlugin {
  readonly name: string;
  readonly configuration: object;
}

/** By which what has no private address is reached. */
export interface WayOut {
  readonly http?: string | undefined;
  readonly https?: string | undefined;
  /** Reached directly, too. */
  readonly no?: readonly string[] | undefined;
}

/** `path`: the folder on the machine that has the programs of its release. */
export type ReplicaBinaries =
  | { readonly kind: 'mounted'; readonly path: string }
  /** A shell script that leaves the programs, verified, in that folder. */
  | { readonly kind: 'download'; readonly path: string; readonly script: string };

/** A new key for the secrets in etcd. Losing it loses them: it belongs in the operator's store, beside the authorities. */
export function newEncryptionKey(): string {
  return randomBytes(32).toString('base64');
}
