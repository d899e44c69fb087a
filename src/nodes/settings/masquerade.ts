const TABLE = 'ip haup_pods';

/**
 * `masquerade.nft`: pods' packets to where nobody knows the way back to a pod leave with the node's own address. Between pods, also on
 * other nodes, and machines they keep theirs: network policies, logs and the API server go by it. The CNI plugins' own masquerade
 * knows only the node's own range. Replaced as a whole, in one transaction.
 */
export function masqueradeRules(options: {
  readonly clusterCidr: string;
  readonly routedCidrs: readonly string[];
}): string {
  const { clusterCidr } = options;
  const known = [clusterCidr, ...options.routedCidrs].join(', ');
  return `table ${TABLE}
delete table ${TABLE}
table ${TABLE} {
  chain leaving {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${clusterCidr} ip daddr != { ${known} } masquerade
  }
}
`;
}
