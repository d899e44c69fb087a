import type { Api } from '../api/api.ts';
import type { TargetGroup } from '../api/replies.ts';
import { type Context, minutes, tagsFor, wait } from '../context.ts';
import type { Groups } from '../groups.ts';
import type { Placement } from '../placement.ts';
import { balancerName, findParts, inUse, isComplete, mappings, untilActive } from './parts.ts';
import { assertRoom, deleteLoadBalancer, enable } from './zones.ts';

export interface BuildParts {
  readonly placement: Placement;
  readonly groups: Groups;
}

/**
 * Everything but the API address: target group, load balancer, listener, in that order.
 * @param apiAllocation an Elastic IP for the node of that zone, where the balancer must be created with it; and how long it may take to be free.
 */
export async function build(
  context: Context,
  { placement, groups }: BuildParts,
  zones: readonly string[],
  options: { api?: Api; apiAllocation?: { zone: string; id: string; deadlineMs: number } } = {},
): Promise<void> {
  const { api = context.api, apiAllocation } = options;
  const [found, ids, all] = await Promise.all([findParts(context, api), groups.ids(), placement.subnets()]);
  const subnets = zones.flatMap((zone) => all.get(zone) ?? []);
  if (subnets.length === 0) await placement.subnet(zones[0] ?? context.cluster.zone); // says what is missing
  let { lb } = found;
  if (lb?.State?.Code === 'failed') {
    await deleteLoadBalancer(context, lb, api);
    lb = null;
  }
  const enabled = lb ? mappings(lb) : [];
  const missing = subnets.filter((subnet) => !enabled.some((mapping) => mapping.zone === subnet.zone));
  for (const subnet of missing) assertRoom(subnet);
  // The listener is made last: where it is, everything before it was done.
  const linked = lb !== null && (found.group?.LoadBalancerArns ?? []).includes(lb.LoadBalancerArn);
  const group = found.group ?? (await createGroup(context, api, await placement.vpcId()));
  if (!linked) await tuneGroup(api, group);
  const name = balancerName(context.cluster);
  const young = {
    patience: ['InvalidSecurityGroup', 'InvalidSecurityGroupException'],
    deadlineMs: 2 * minutes,
  };
  if (!lb) {
    const made = await api.elb(
      'CreateLoadBalancer',
      {
        Name: name,
        Type: 'network',
        Scheme: 'internet-facing',
        IpAddressType: 'ipv4',
        // A network load balancer takes security groups only if it was created with one. ELBv2 reference, SetSecurityGroups.
        SecurityGroups: [ids.balancer],
        SubnetMappings: subnets.map((subnet) => ({
          SubnetId: subnet.id,
          ...(apiAllocation?.zone === subnet.zone ? { AllocationId: apiAllocation.id } : {}),
        })),
        Tags: tagsFor(context.cluster, name) as { Key: string; Value: string }[],
      },
      apiAllocation
        ? { patience: [...young.patience, ...inUse], deadlineMs: apiAllocation.deadlineMs, brisk: true }
        : young,
    );
    lb = made.LoadBalancers[0]!;
  }
  const LoadBalancerArn = lb.LoadBalancerArn;
  if (!linked) {
    const attributes = [{ Key: 'load_balancing.cross_zone.enabled', Value: 'true' }];
    await api.elb('ModifyLoadBalancerAttributes', { LoadBalancerArn, Attributes: attributes }, newborn);
    await api.elb(
      'CreateListener',
      {
        LoadBalancerArn,
        Protocol: 'TCP',
        Port: context.cluster.apiPort,
        DefaultActions: [{ Type: 'forward', TargetGroupArn: group.TargetGroupArn }],
      },
      { ...newborn, patience: [...newborn.patience, ...stillLinked] },
    );
  }
  if (enabled.length > 0) await enable(context, api, missing);
  await untilActive(context, api);
  await wait(
    context,
    'the listener to be listed',
    async () => isComplete(await findParts(context, api)) || undefined,
    { api, timeoutMs: 2 * minutes },
  );
}

/** Falls after 15 s: longer than an election of etcd's, during which no API server is ready. */
const check = { intervalSeconds: 5, timeoutSeconds: 4, rise: 2, fall: 3 };

/** Until the health check has noticed that a target is no longer ready. */
export const drainSeconds = check.intervalSeconds * check.fall + check.timeoutSeconds;

/** What was made a moment ago may not be known everywhere yet. */
const newborn = {
  patience: [
    'LoadBalancerNotFoundException',
    'LoadBalancerNotFound',
    'TargetGroupNotFoundException',
    'TargetGroupNotFound',
  ],
  deadlineMs: 2 * minutes,
};

/** The listener of a load balancer that is going away still has the group. */
const stillLinked = ['TargetGroupAssociationLimit', 'TargetGroupAssociationLimitException'];

async function createGroup(context: Context, api: Api, VpcId: string): Promise<TargetGroup> {
  const { cluster } = context;
  const name = balancerName(cluster);
  const made = await api.elb('CreateTargetGroup', {
    Name: name,
    Protocol: 'TCP',
    Port: cluster.apiPort,
    VpcId,
    TargetType: 'instance',
    HealthCheckEnabled: true,
    HealthCheckProtocol: 'HTTPS',
    HealthCheckPath: '/readyz',
    HealthCheckPort: 'traffic-port',
    HealthCheckIntervalSeconds: check.intervalSeconds,
    HealthCheckTimeoutSeconds: check.timeoutSeconds,
    HealthyThresholdCount: check.rise,
    UnhealthyThresholdCount: check.fall,
    Matcher: { HttpCode: '200' },
    Tags: tagsFor(cluster, name) as { Key: string; Value: string }[],
  });
  return made.TargetGroups[0]!;
}

async function tuneGroup(api: Api, group: TargetGroup): Promise<void> {
  const attributes = {
    // A master that reaches itself through the balancer would time out otherwise. kubernetes/kubeadm#1685.
    'preserve_client_ip.enabled': 'false',
    // Deregistering takes at least two minutes whatever is asked for. kubernetes-sigs/aws-load-balancer-controller#2366.
    'deregistration_delay.timeout_seconds': '120',
    'deregistration_delay.connection_termination.enabled': 'true',
  };
  await api.elb(
    'ModifyTargetGroupAttributes',
    {
      TargetGroupArn: group.TargetGroupArn,
      Attributes: Object.entries(attributes).map(([Key, Value]) => ({ Key, Value })),
    },
    newborn,
  );
}
