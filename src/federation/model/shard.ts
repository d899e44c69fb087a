/** One Service in one member cluster: what a federated Service's names may lead to. */
export interface Shard {
  readonly service: ServiceName;
  /** The member, by the name that it joined with. */
  readonly cluster: string;
  readonly region: string;
  readonly zone: string;
  /** Of the Service's ingress there: IPv4 or IPv6 addresses, or host names. In order, each once. Empty: it has none yet. */
  readonly addresses: readonly string[];
  readonly health: ShardHealth;
}

export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

/** `unhealthy`: known to be so, or its cluster has not answered for ten seconds. What was not seen for less keeps what it was. */
export type ShardHealth = 'healthy' | 'unhealthy';
