import type { ClusterIdentity, Machine, Provider } from '../../../src/providers/provider.ts';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** What the contract suite needs of a cloud besides the provider itself. One is made for each cloud. */
export interface ContractWorld {
  /** A cluster that nobody else uses, in a region of the cloud. */
  newCluster(suffix?: string): ClusterIdentity;
  /** Another provider on the same cloud: as another run of haup would open it. */
  open(cluster: ClusterIdentity, signal?: AbortSignal): Provider;
  /**
   * A boot script that lets {@link run} in and serves HTTPS on the API port: `/readyz` is 200, or 503 while the file
   * /run/unready exists; the body of every answer is the machine's name.
   */
  bootScript(cluster: ClusterIdentity, machine: string): Promise<string>;
  /** Runs a command on the machine; waits for it to be reachable. Rejects when it fails. */
  run(machine: Machine, command: string): Promise<string>;
  /** One HTTPS request on a new connection; the certificate is not verified. Rejects when there is no answer in time. */
  get(ip: string, port: number, path: string, timeoutMs?: number): Promise<Answer>;
  /** Everything in the cloud that belongs to this cluster, a line each. Others may use the cloud at the same time. */
  inventory(cluster: ClusterIdentity): Promise<readonly string[]>;
  /** Everything that was made for the suite. */
  close(): Promise<void>;
}
