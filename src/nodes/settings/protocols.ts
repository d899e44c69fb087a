/**
 * For /etc/protocols, where the distribution's netbase has not put one. nft takes names from it: without, it lists what kube-proxy wrote
 * as `tcp` as `6`, and kube-proxy removes that as not its own at its second start on a node, and an hour after each: every Service's rule
 * is gone then (readOrReset and cleanupLeftoverKeys in Kubernetes' pkg/proxy/nftables).
 */
export const PROTOCOLS = `icmp 1 ICMP
tcp 6 TCP
udp 17 UDP
ipv6-icmp 58 IPv6-ICMP
sctp 132 SCTP
`;
