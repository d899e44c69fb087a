/** The answer of `haup status -o json`: other people's scripts rely on it. */
export interface Status {
  readonly cluster: string;
  readonly provider: string;
  readonly region: string;
  readonly multizone: boolean;
  readonly kubernetesVersion: string;
  readonly etcdVersion: string;
  readonly apiAddress: {
    readonly ip: string;
    readonly port: number;
    readonly holder: { readonly kind: 'machine' | 'balancer' | 'nobody'; readonly name: string | null };
  } | null;
  readonly loadBalancer: {
    readonly name: string;
    readonly targets: readonly {
      readonly replica: string;
      readonly health: 'healthy' | 'unhealthy' | 'draining';
    }[];
  } | null;
  readonly replicas: readonly ReplicaStatus[];
  readonly etcd: {
    readonly voters: number;
    readonly learners: number;
    readonly quorum: number;
    readonly healthy: number;
    readonly failuresTolerated: number;
  };
  readonly converged: boolean;
  /** The steps that `haup repair` would run, as sentences. */
  readonly unfinished: readonly string[];
  readonly warnings: readonly string[];
}

export interface ReplicaStatus {
  readonly name: string;
  readonly zone: string;
  readonly internalIp: string | null;
  readonly externalIp: string | null;
  readonly machine: 'running' | 'stopped' | 'missing';
  readonly apiServer: 'ready' | 'unready' | 'unreachable';
  readonly etcd: {
    readonly id: string | null;
    readonly role: 'leader' | 'follower' | 'learner' | 'unstarted' | 'missing';
    readonly healthy: boolean;
  };
  /** RFC 3339 */
  readonly certificateExpires: string | null;
}
