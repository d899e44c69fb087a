/** What clients of the API address would have noticed while it moved, measured by {@link startProbe}. */
export interface AvailabilityReport {
  /** What the figures are about: "promotion", "demotion", "replacement", "move to another zone". */
  readonly during: string;
  readonly seconds: number;
  readonly probes: readonly ProbeResult[];
  /** How often an open watch was ended and had to be opened again. */
  readonly watchReconnects: number;
}

export interface ProbeResult {
  /** "readiness", "read", "write": each probe is a new TLS connection, verified against the cluster's authority. */
  readonly kind: string;
  readonly requests: number;
  readonly failures: number;
  /** Longest time between two successes, seconds. */
  readonly longestGapSeconds: number;
  readonly slowestSeconds: number;
}
