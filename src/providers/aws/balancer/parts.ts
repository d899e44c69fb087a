import type { SubnetMapping } from '@aws-sdk/client-elastic-load-balancing-v2';
import { ProviderError } from '../../errors.ts';
import type { ClusterIdentity } from '../../provider.ts';
import type { Api, CallOptions } from '../api/api.ts';
import { misunderstood, tolerate } from '../api/errors.ts';
import type { LoadBalancer, TargetGroup, TargetHealthDescription } from '../api/replies.ts';
import { type Context, minutes, type Tagged, uidTag, wait } from '../context.ts';

/** What the balancer is made of. The listener shows as the group's link to the load balancer. */
export interface BalancerParts {
  readonly lb: LoadBalancer | null;
  readonly group: TargetGroup | null;
}

/** ELB's words for an Elastic IP that is not free yet. */
export const inUse = [
  'ResourceInUse',
  'ResourceInUseException',
  'AllocationIdNotFound',
  'AllocationIdNotFoundException',
];

/** At most 32 letters, digits and hyphens, not beginning with "internal-". The uid makes it the cluster's alone. */
export function balancerName(cluster: ClusterIdentity): string {
  const readable = cluster.name
    .replace(/^internal-/, 'int-')
    .slice(0, 15)
    .replace(/-+$/, '');
  return `${readable}-${cluster.uid}`;
}

export async function findParts(context: Context, api: Api = context.api): Promise<BalancerParts> {
  const [lb, group] = await Promise.all([findLoadBalancer(context, api), findGroup(context, api)]);
  return { lb, group };
}

export async function findLoadBalancer(
  context: Context,
  api: Api = context.api,
): Promise<LoadBalancer | null> {
  const name = balancerName(context.cluster);
  const answer = await tolerate(api.elb('DescribeLoadBalancers', { Names: [name] }), [
    'LoadBalancerNotFoundException',
    'LoadBalancerNotFound',
  ]);
  const lb = answer?.LoadBalancers[0] ?? null;
  if (lb && lb.LoadBalancerName !== name)
    throw misunderstood('elasticloadbalancing:DescribeLoadBalancers', 'not the one that was asked for');
  return lb;
}

async function findGroup(context: Context, api: Api = context.api): Promise<TargetGroup | null> {
  const name = balancerName(context.cluster);
  const answer = await tolerate(api.elb('DescribeTargetGroups', { Names: [name] }), [
    'TargetGroupNotFoundException',
    'TargetGroupNotFound',
  ]);
  const group = answer?.TargetGroups[0] ?? null;
  if (group && group.TargetGroupName !== name)
    throw misunderstood('elasticloadbalancing:DescribeTargetGroups', 'not the one that was asked for');
  return group;
}

/** The listener is made last, so that its presence says that everything before it was done. */
export function isComplete({ lb, group }: BalancerParts): boolean {
  return isActive(lb) && group !== null && (group.LoadBalancerArns ?? []).includes(lb!.LoadBalancerArn);
}

function isActive(lb: LoadBalancer | null): boolean {
  return lb?.State?.Code === 'active' || lb?.State?.Code === 'active_impaired';
}

/** The enabled zones as SetSubnets wants to be told of them again: each with its present address. */
export function mappings(lb: LoadBalancer): (SubnetMapping & { zone: string })[] {
  return (lb.AvailabilityZones ?? []).map((zone) => {
    const allocation = zone.LoadBalancerAddresses?.find((address) => address.AllocationId)?.AllocationId;
    return {
      zone: zone.ZoneName,
      SubnetId: zone.SubnetId,
      ...(allocation ? { AllocationId: allocation } : {}),
    };
  });
}

/** The zone whose node has that Elastic IP. */
export function zoneOf(lb: LoadBalancer | null, allocationId: string): string | null {
  return (lb && mappings(lb).find((mapping) => mapping.AllocationId === allocationId)?.zone) ?? null;
}

/** Names every zone that is to be enabled, as SetSubnets wants it. */
export async function setSubnets(
  api: Api,
  lb: LoadBalancer,
  want: readonly (SubnetMapping & { zone: string })[],
  options: CallOptions = {},
): Promise<void> {
  const SubnetMappings = want.map(({ zone: _, ...mapping }) => mapping);
  await api.elb('SetSubnets', { LoadBalancerArn: lb.LoadBalancerArn, SubnetMappings }, options);
}

export async function untilActive(
  context: Context,
  api: Api,
  zones?: readonly string[],
): Promise<LoadBalancer> {
  return wait(
    context,
    'the load balancer to be active',
    async () => {
      const lb = await findLoadBalancer(context, api);
      if (lb?.State?.Code === 'failed')
        throw new ProviderError(
          'transient',
          `the load balancer could not be set up: ${lb.State.Reason ?? 'no reason given'}`,
        );
      const enabled = lb ? mappings(lb).map((mapping) => mapping.zone) : [];
      const there =
        !zones || (zones.length === enabled.length && zones.every((zone) => enabled.includes(zone)));
      return lb && isActive(lb) && there ? lb : undefined;
    },
    { api, timeoutMs: 15 * minutes, intervalMs: 1000 },
  );
}

export async function targetHealth(
  api: Api,
  group: TargetGroup,
): Promise<(TargetHealthDescription & { id: string; state: string })[]> {
  const answer = await tolerate(api.elb('DescribeTargetHealth', { TargetGroupArn: group.TargetGroupArn }), [
    'TargetGroupNotFoundException',
    'TargetGroupNotFound',
  ]);
  return (answer?.TargetHealthDescriptions ?? []).map((target) => ({
    ...target,
    id: target.Target.Id,
    state: target.TargetHealth?.State ?? 'initial',
  }));
}

/** @throws ProviderError `conflict` when something by our name is not known to carry our tag: it is not ours to delete. */
export async function assertOurs(context: Context, { lb, group }: BalancerParts): Promise<void> {
  const arns = [lb?.LoadBalancerArn, group?.TargetGroupArn].filter((arn) => arn !== undefined);
  const described = arns.length === 0 ? [] : await describeTags(context, arns);
  for (const { arn, tags } of described) {
    if (tags.some((tag) => tag.Key === uidTag && tag.Value === context.cluster.uid)) continue;
    throw new ProviderError('conflict', `${arn} does not carry this cluster's tag ${uidTag}`, {
      advice: 'It is not ours to change or delete: look at it, and remove or tag it by hand.',
    });
  }
}

/** Of each that is there still: one that is gone lets the whole call fail. */
async function describeTags(
  context: Context,
  arns: readonly string[],
): Promise<{ arn: string; tags: NonNullable<Tagged['Tags']> }[]> {
  const answer = await tolerate(context.api.elb('DescribeTags', { ResourceArns: [...arns] }), [
    'LoadBalancerNotFoundException',
    'LoadBalancerNotFound',
    'TargetGroupNotFoundException',
    'TargetGroupNotFound',
  ]);
  if (answer === null && arns.length > 1)
    return (await Promise.all(arns.map((arn) => describeTags(context, [arn])))).flat();
  if (answer === null) return [];
  return arns.map((arn) => ({
    arn,
    tags: answer.TagDescriptions.find((thing) => thing.ResourceArn === arn)?.Tags ?? [],
  }));
}
