import type { IpPermission } from './api/replies.ts';

/** One port, or everything of every protocol, open to one source. */
export interface IngressRule {
  readonly port: number | 'every';
  /** A CIDR ("203.0.113.0/24") or the id of a security group. */
  readonly from: string;
  /** Starts with {@link ours}: rules without it were made by someone else, and are left alone. */
  readonly why: string;
}

export const ours = 'haup: ';

export interface GroupIds {
  readonly masters: string;
  readonly balancer: string;
  /** Null: there are no nodes. */
  readonly nodes: string | null;
}

export interface Access {
  readonly apiPort: number;
  readonly ssh: readonly string[];
  readonly clients: readonly string[];
  /**
   * Clients reach the masters themselves: while the balancer does not hold the API address. Behind the balancer a master
   * sees only the balancer (client-IP preservation is off), so that its own rule would no longer protect anything.
   */
  readonly direct: boolean;
  /** Public addresses of nodes, with which they come to the API address: their group stands for private ones alone. */
  readonly outside: readonly string[];
  /** Of all pods; undefined: pods have their nodes' addresses. */
  readonly podRange: string | undefined;
}

/** Least access for the security groups. */
export function desiredRules(ids: GroupIds, access: Access): Record<keyof GroupIds, readonly IngressRule[]> {
  const { apiPort } = access;
  const outside = access.outside.filter((from) => !access.clients.includes(from));
  const clients = [
    ...access.clients.map((from) => ({ port: apiPort, from, why: `${ours}API from clients` })),
    ...outside.map((from) => ({ port: apiPort, from, why: `${ours}API from nodes` })),
  ];
  const ssh = access.ssh.map((from) => ({ port: 22, from, why: `${ours}SSH from the operator` }));
  return {
    masters: [
      ...ssh,
      { port: apiPort, from: ids.masters, why: `${ours}API between masters` },
      { port: apiPort, from: ids.balancer, why: `${ours}API and health checks from the balancer` },
      { port: 2380, from: ids.masters, why: `${ours}etcd between masters` },
      ...(ids.nodes ? [{ port: apiPort, from: ids.nodes, why: `${ours}API from nodes` }] : []),
      ...(access.direct ? clients : []),
    ],
    balancer: clients,
    nodes: ids.nodes ? [...ssh, ...amongNodes(ids.nodes, ids.masters, access.podRange)] : [],
  };
}

/**
 * API servers come to kubelets (10250) and to pods (webhooks, aggregated API servers, the proxy) at whatever port they listen; a group
 * cannot tell the one from the other.
 */
function amongNodes(nodes: string, masters: string, podRange: string | undefined): IngressRule[] {
  return [
    { port: 'every', from: nodes, why: `${ours}nodes from nodes` },
    ...(podRange ? [{ port: 'every' as const, from: podRange, why: `${ours}pods from pods` }] : []),
    { port: 'every', from: masters, why: `${ours}kubelets and pods from API servers` },
  ];
}

/** The parts of EC2's nested permissions, one rule each. Ranges of ports and other protocols are never ours. */
export function flatten(permissions: readonly IpPermission[] | undefined): IngressRule[] {
  return (permissions ?? [])
    .filter(
      ({ IpProtocol, FromPort, ToPort }) =>
        IpProtocol === '-1' || (IpProtocol === 'tcp' && FromPort === ToPort),
    )
    .flatMap((permission) =>
      [
        ...(permission.IpRanges ?? []).map((range) => ({ from: range.CidrIp, why: range.Description })),
        ...(permission.Ipv6Ranges ?? []).map((range) => ({ from: range.CidrIpv6, why: range.Description })),
        ...(permission.UserIdGroupPairs ?? []).map((pair) => ({
          from: pair.GroupId,
          why: pair.Description,
        })),
      ].map(({ from, why }) => ({
        port: permission.IpProtocol === '-1' ? ('every' as const) : permission.FromPort!,
        from,
        why: why ?? '',
      })),
    );
}

export function toPermission({ port, from, why }: IngressRule): IpPermission {
  const source = from.startsWith('sg-')
    ? { UserIdGroupPairs: [{ GroupId: from, Description: why }] }
    : from.includes(':')
      ? { Ipv6Ranges: [{ CidrIpv6: from, Description: why }] }
      : { IpRanges: [{ CidrIp: from, Description: why }] };
  // "-1": all protocols, and so all ports. EC2 reference, IpPermission.
  if (port === 'every') return { IpProtocol: '-1', ...source };
  return { IpProtocol: 'tcp', FromPort: port, ToPort: port, ...source };
}

export function sameRule(a: IngressRule, b: IngressRule): boolean {
  return a.port === b.port && a.from === b.from;
}
