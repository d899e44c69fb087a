import type { ReplicaBinaries } from '../replicas/config.ts';
import type { NodePki } from './pki.ts';

/** Everything that makes a machine a node of one cluster. Addresses are IPv4, in the dotted form. */
export interface NodeConfig {
  /** Of the cluster. */
  readonly uid: string;
  readonly cluster: string;
  /** The machine's name, which is the Node object's too. */
  readonly name: string;
  readonly region: string;
  readonly zone: string;
  /** In the cloud's words; null where machines have none. */
  readonly instanceType: string | null;
  /** See {@link localProviderId}; null leaves it to a cloud controller manager. Cannot be changed once the node is there. */
  readonly providerId: string | null;
  readonly internalIp: string;
  readonly apiAddress: string;
  readonly apiPort: number;
  readonly serviceCidr: string;
  /** All pods of all nodes. */
  readonly clusterCidr: string;
  /** Networks besides the pods' that know the way back to a pod (the machines' own): what goes there keeps its source address. */
  readonly routedCidrs: readonly string[];
  /** `v1.37.1`: never newer than the masters', at most three minors older. */
  readonly kubernetesVersion: string;
  readonly binaries: ReplicaBinaries;
  /** The range of external addresses that Services get where no cloud gives them any; null elsewhere. See `ServiceAddresses`. */
  readonly serviceAddresses: string | null;
  /** `none`: somebody else brings the pods' network. */
  readonly cni: 'haup' | 'none';
  /** Besides those of zone, region and instance type. A kubelet may not give itself just any label below kubernetes.io. */
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly pki: NodePki;
}

export interface Taint {
  readonly key: string;
  readonly value?: string | undefined;
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

/** The provider id of a machine of the local provider. Clouds' are those of their cloud controller managers. */
export function localProviderId(uid: string, zone: string, name: string): string {
  return `haup://${uid}/${zone}/${name}`;
}
