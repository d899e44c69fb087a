import { ProviderError } from '../../errors.ts';
import type { ElasticIp, Instance, LoadBalancer } from '../api/replies.ts';
import { build } from '../balancer/build.ts';
import {
  findLoadBalancer,
  findParts,
  inUse,
  isComplete,
  mappings,
  setSubnets,
  targetHealth,
  untilActive,
  zoneOf,
} from '../balancer/parts.ts';
import { targetsSettled } from '../balancer/targets.ts';
import { answersElsewhere, deadZones, zoneHealth } from '../balancer/zone-health.ts';
import { deleteLoadBalancer } from '../balancer/zones.ts';
import { type Context, minutes } from '../context.ts';
import type { Groups } from '../groups.ts';
import { findInstances, isNode, nameOf, stateOf } from '../instances.ts';
import { freeAddressesForBalancer, type Placement } from '../placement.ts';
import { lostZones } from '../zones.ts';
import { apiAddress, findAddresses } from './addresses.ts';
import { free, give, shown } from './elastic-ip.ts';
import type { Management } from './management.ts';
import { putBack, restore, returnTo } from './put-back.ts';
import { chooseRoute, type Route } from './route.ts';

export interface HandoverParts {
  readonly placement: Placement;
  readonly groups: Groups;
  readonly management: Management;
}

/** What both directions look at before they begin. */
interface Scene {
  readonly address: ElasticIp;
  /** The live machine that has the address. */
  readonly owner: Instance | null;
  readonly instances: readonly Instance[];
}

async function survey(context: Context): Promise<Scene> {
  const [addresses, instances] = await Promise.all([findAddresses(context), findInstances(context)]);
  const address = apiAddress(addresses);
  if (!address) throw new ProviderError('not-found', 'the cluster has no API address yet');
  const owner = instances.find((instance) => instance.InstanceId === address.InstanceId) ?? null;
  return { address, owner, instances };
}

/** The address goes to a running machine. */
export async function toMachine(context: Context, parts: HandoverParts, name: string): Promise<void> {
  const { api } = context;
  const [scene, lb] = await Promise.all([survey(context), findLoadBalancer(context)]);
  const { address, owner } = scene;
  const target = scene.instances.find((instance) => nameOf(instance) === name);
  if (!target) throw new ProviderError('not-found', `there is no machine ${name}`);
  if (stateOf(target) !== 'running') throw new ProviderError('conflict', `${name} does not run`);
  const nodes = async () => scene.instances.filter(isNode);
  await parts.groups.ensure(async () => true, nodes); // clients may reach the machines before the address is there
  const id = address.AllocationId;
  const zone = zoneOf(lb, id);
  const held = address.InstanceId === target.InstanceId;
  if (!held && lb && zone) await fromBalancer(context, scene, lb, zone, target);
  else if (!held) {
    if (owner && stateOf(owner) === 'running') await parts.management.prepare(nameOf(owner));
    context.progress(`moving the address to ${name}`);
    await give(context, api.uninterrupted, address, target, { held: true, deadlineMs: 10 * minutes });
  }
  await shown(
    context,
    api,
    id,
    `the address to be shown at ${name}`,
    (now) => now.InstanceId === target.InstanceId,
  );
  await parts.management.reconcile();
}

/** Frees the address by disabling its zone, or, where that is the only one, by deleting the load balancer. */
async function fromBalancer(
  context: Context,
  { address }: Scene,
  lb: LoadBalancer,
  zone: string,
  target: Instance,
): Promise<void> {
  const api = context.api.uninterrupted;
  const all = mappings(lb);
  const rest = all.filter((mapping) => mapping.zone !== zone);
  context.api.signal.throwIfAborted();
  context.progress(`moving the address from the load balancer to ${nameOf(target)}`);
  try {
    if (rest.length > 0) await setSubnets(api, lb, rest, { deadlineMs: 1 * minutes, brisk: true });
    else
      await api.elb(
        'DeleteLoadBalancer',
        { LoadBalancerArn: lb.LoadBalancerArn },
        { deadlineMs: 1 * minutes },
      );
    await give(context, api, address, target, { held: true, deadlineMs: 5 * minutes });
  } catch (error) {
    if (rest.length > 0) await putBack(context, () => restore(context, lb, all, address), error);
    throw error;
  }
}

/** The address goes to the load balancer; or, where the zone it lives in is lost, to another zone of it. */
export async function toBalancer(
  context: Context,
  parts: HandoverParts,
  /** Zones in which it was tried, and nobody answered. */
  silent: readonly string[] = [],
): Promise<void> {
  const [scene, found, subnets, impaired] = await Promise.all([
    survey(context),
    findParts(context),
    parts.placement.subnets(),
    lostZones(context),
  ]);
  if (!found.lb || !isComplete(found))
    throw new ProviderError('conflict', 'the load balancer is not complete: the address stays where it is');
  const id = scene.address.AllocationId;
  const present = zoneOf(found.lb, id);
  const health = await targetHealth(context.api, found.group!);
  const gone =
    present !== null &&
    ([...impaired, ...silent].includes(present) || (await isGone(context, scene, found.lb, present, health)));
  let placed: string | null = null;
  if (!present || gone) {
    const lost = [...new Set([...impaired, ...silent, ...(present ? [present] : [])])];
    const enabled = mappings(found.lb);
    const others = enabled.filter((mapping) => mapping.zone !== present);
    const among = {
      enabled: others.map((mapping) => mapping.zone),
      subnets: [...subnets.values()]
        .filter(
          (subnet) =>
            subnet.freeAddresses >= freeAddressesForBalancer ||
            others.some((mapping) => mapping.zone === subnet.zone),
        )
        .map((subnet) => subnet.zone),
      near: scene.owner?.Placement?.AvailabilityZone ?? null,
    };
    // A zone whose targets do not answer may be out of order though AWS does not say so: rather another, if there is one.
    const route =
      chooseRoute({ ...among, lost: [...lost, ...deadZones(health, scene.instances)] }) ??
      chooseRoute({ ...among, lost });
    if (!route)
      throw new ProviderError('transient', `no zone but ${lost.join(', ')} can hold the address`, {
        advice: [
          { to: 'name a public subnet in another zone', setting: 'subnets' },
          'or wait for the zone to return',
        ],
      });
    await place(context, parts, scene, found.lb, route, { present });
    placed = route.zone;
  }
  const lb = await arrived(context, id);
  // AWS may call a node active that does not work yet, or never will: a zone without masters shows only now that it is out.
  if (
    health.some((target) => target.state === 'healthy') &&
    !(await answersWithin(context, scene.address, 3 * minutes)) &&
    placed &&
    zoneHealth(placed, await targetHealth(context.api, found.group!), scene.instances) !== 'fine' &&
    (await answersElsewhere(context, lb))
  )
    return toBalancer(context, parts, [...silent, placed]);
  const nodes = async () => scene.instances.filter(isNode);
  await parts.groups.ensure(async () => false, nodes); // from here on clients go through the balancer's own security group
  await parts.management.reconcile();
}

/** The zone that the address lives in is out of order, though AWS does not say so. */
async function isGone(
  context: Context,
  { address, instances }: Scene,
  lb: LoadBalancer,
  zone: string,
  targets: Awaited<ReturnType<typeof targetHealth>>,
): Promise<boolean> {
  if (await answersWithin(context, address, 0)) return false;
  const health = zoneHealth(zone, targets, instances);
  if (health === 'fine') return false;
  // Without a target to judge by it may as well be a node that an interrupted move has just asked for.
  if (health === 'unknown' && (await answersWithin(context, address, 2 * minutes))) return false;
  return answersElsewhere(context, lb);
}

async function answersWithin(context: Context, { PublicIp }: ElasticIp, ms: number): Promise<boolean> {
  const until = context.clock.now() + ms;
  for (;;) {
    if (await context.reach(PublicIp!, context.cluster.apiPort)) return true;
    if (context.clock.now() >= until) return false;
    await context.clock.sleep(1000, context.api.signal);
  }
}

async function place(
  context: Context,
  parts: HandoverParts,
  scene: Scene,
  lb: LoadBalancer,
  route: Route,
  { present }: { present: string | null },
): Promise<void> {
  const { address, owner } = scene;
  const api = context.api.uninterrupted;
  const subnet = await parts.placement.subnet(route.zone);
  const stays = mappings(lb).filter((mapping) => mapping.zone !== route.zone && mapping.zone !== present);
  const zones = [...stays.map((mapping) => mapping.zone), route.zone];

  // Everything slow first, while the address still serves.
  if (owner && stateOf(owner) === 'running') await parts.management.prepare(nameOf(owner));
  if (present && route.kind !== 'rebuild') await disable(context, lb, stays);
  else if (route.kind === 'readd') await disable(context, lb, stays);
  if (route.kind === 'rebuild') await deleteLoadBalancer(context, lb);
  context.api.signal.throwIfAborted();

  context.progress(`moving the address to the load balancer, in ${route.zone}`);
  // Where nobody waits to have it back, a balancer's node that had it may take its time to let go.
  const deadlineMs = owner ? 1 * minutes : 5 * minutes;
  let own: string | null = null;
  try {
    if (owner) own = await takeFrom(context, parts, address, owner);
    if (route.kind === 'rebuild')
      await build(context, parts, zones, {
        api,
        apiAllocation: { zone: route.zone, id: address.AllocationId, deadlineMs },
      });
    else
      await setSubnets(
        api,
        lb,
        [...stays, { zone: route.zone, SubnetId: subnet.id, AllocationId: address.AllocationId }],
        { patience: inUse, deadlineMs, brisk: true },
      );
  } catch (error) {
    if (owner) await putBack(context, () => returnTo(context, address, owner, own, route), error);
    throw error;
  }
  if (route.kind !== 'add') await targetsSettled(context);
}

async function disable(
  context: Context,
  lb: LoadBalancer,
  stays: ReturnType<typeof mappings>,
): Promise<void> {
  await setSubnets(context.api, lb, stays);
  await untilActive(
    context,
    context.api,
    stays.map((mapping) => mapping.zone),
  );
}

/**
 * The machine's own address replaces the API address in one call, so that it stays reachable. See {@link Management}.
 * @returns the association of its own address.
 */
async function takeFrom(
  context: Context,
  parts: HandoverParts,
  address: ElasticIp,
  owner: Instance,
): Promise<string | null> {
  const api = context.api.uninterrupted;
  if (stateOf(owner) === 'running') {
    const own = await parts.management.prepare(nameOf(owner));
    return give(context, api, own, owner, { deadlineMs: 1 * minutes });
  }
  await free(api, address);
  return null;
}

/** Waits until the balancer is active and EC2 shows the address at one of its nodes. */
async function arrived(context: Context, allocationId: string): Promise<LoadBalancer> {
  const lb = await untilActive(context, context.api);
  await shown(
    context,
    context.api,
    allocationId,
    'the address to be shown at the load balancer',
    (now) => Boolean(now.AssociationId) && !now.InstanceId,
    10 * minutes,
  );
  return lb;
}
