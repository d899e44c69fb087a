/** Where the other members reach the etcd of a machine. */
export function peerUrl(internalIp: string): string {
  return `https://${internalIp}:2380`;
}
