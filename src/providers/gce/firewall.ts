import { isDeepStrictEqual } from 'node:util';
import type { Context } from './api/cloud.ts';
import type { Firewall } from './api/schemas.ts';
import type { FirewallPart } from './names.ts';
import type { GceSettings } from './settings.ts';

/**
 * Where Google's health checkers come from; the last two are of passthrough balancers (Google, "Firewall rules" of
 * load balancing).
 */
const PROBES = ['35.191.0.0/16', '130.211.0.0/22', '209.85.152.0/22', '209.85.204.0/22'];
const ETCD_PEERS = '2380';
const KUBELET = '10250';
export const EVERYWHERE = '0.0.0.0/0';

/**
 * Before Google's own rules of the network `default` (`default-allow-ssh`, `-internal`, `-rdp`, `-icmp`, all at 65534), which let in who is
 * not wanted, and after the cluster's, which are at the API's own default. The lowest number wins; at one number denial does
 * (Google, "VPC firewall rules": priority, pre-populated rules). Replies, and the ICMP errors over what was let in, pass by connection
 * tracking.
 */
const LET_IN = 1000;
const LET_NOBODY_IN = 60_000;

export interface Access {
  readonly sshFrom: readonly string[];
  /** Null: there are no nodes. */
  readonly nodes: NodeAccess | null;
}

export interface NodeAccess {
  /** Of all pods; undefined: pods have their nodes' addresses. */
  readonly podRange: string | undefined;
  /** External addresses of nodes, with which they come to the API address; none where everybody may come. */
  readonly outside: readonly string[];
}

/** A rule as it is asked for: what it does not say is the API's own default. */
export interface WantedRule extends Partial<Omit<Firewall, 'name' | 'allowed'>> {
  readonly name: string;
  readonly allowed?: readonly { readonly IPProtocol: string; readonly ports?: readonly string[] }[];
}

type Source = Partial<Pick<Firewall, 'sourceRanges' | 'sourceTags'>>;
type Aim = Pick<Firewall, 'targetTags'> & Partial<Pick<Firewall, 'destinationRanges'>>;

/** The cluster's own rules. Each lets one thing in, to the cluster's machines alone; `closed` nothing else. */
export function firewallRules(context: Context, settings: GceSettings, access: Access): WantedRule[] {
  const { cluster, names } = context;
  const apiPort = String(cluster.apiPort);
  const masters = { targetTags: [names.tag] };
  const all = { targetTags: access.nodes ? [names.tag, names.nodeTag] : [names.tag] };
  const base = (part: FirewallPart) => ({
    name: names.firewall(part),
    description: context.description,
    network: settings.network,
    direction: 'INGRESS',
  });
  const rule = (part: FirewallPart, allowed: WantedRule['allowed'], from: Source, to: Aim): WantedRule => ({
    ...base(part),
    priority: LET_IN,
    ...(allowed ? { allowed } : {}),
    ...from,
    ...to,
  });

  /** A source tag stands for instances' own internal addresses, neither for pods' nor for external ones (Google, "VPC firewall rules"). */
  function ofNodes({ podRange, outside }: NodeAccess): WantedRule[] {
    const nodes = { targetTags: [names.nodeTag] };
    const pods = podRange === undefined ? [] : [podRange];
    return [
      rule('kubelets', tcp(KUBELET), { sourceTags: [names.tag] }, nodes),
      rule(
        'pods',
        [{ IPProtocol: 'all' }],
        { sourceTags: [names.nodeTag], ...(pods.length > 0 ? { sourceRanges: pods } : {}) },
        nodes,
      ),
      // Webhooks, aggregated API servers, the API server's proxy: on whatever port they listen.
      ...pods.map((pod) =>
        rule(
          'to-pods',
          [{ IPProtocol: 'tcp' }],
          { sourceTags: [names.tag] },
          { ...nodes, destinationRanges: [pod] },
        ),
      ),
      rule(
        'node-api',
        tcp(apiPort),
        { sourceTags: [names.nodeTag], ...(outside.length > 0 ? { sourceRanges: [...outside] } : {}) },
        masters,
      ),
    ];
  }

  return [
    rule('api', tcp(apiPort), { sourceRanges: [...settings.allowFrom] }, masters),
    rule('ssh', tcp('22'), { sourceRanges: [...access.sshFrom] }, all),
    rule('masters', tcp(ETCD_PEERS, apiPort), { sourceTags: [names.tag] }, masters),
    rule('health', tcp(apiPort), { sourceRanges: PROBES }, masters),
    {
      ...base('closed'),
      priority: LET_NOBODY_IN,
      denied: [{ IPProtocol: 'all' }],
      sourceRanges: [EVERYWHERE],
      ...all,
    },
    ...(access.nodes ? ofNodes(access.nodes) : []),
  ];
}

function tcp(...ports: readonly string[]) {
  return [{ IPProtocol: 'tcp', ports }];
}

export function isAsWanted(present: Firewall | undefined, want: WantedRule): boolean {
  if (!present || present.disabled) return false;
  const essence = (each: Omit<WantedRule, 'name'>) => [
    each.priority,
    (each.allowed ?? []).map(({ IPProtocol, ports = [] }) => [IPProtocol, ports]),
    (each.denied ?? []).map((denied) => denied.IPProtocol),
    [...(each.sourceRanges ?? [])].sort(),
    [...(each.sourceTags ?? [])].sort(),
    [...(each.destinationRanges ?? [])].sort(),
    each.targetTags,
  ];
  return isDeepStrictEqual(essence(present), essence(want));
}
