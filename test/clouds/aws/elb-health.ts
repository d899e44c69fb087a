import type { TargetHealthStateEnum } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { BalancerThing, TargetGroupThing, TargetThing, World } from './world.ts';

export interface Health {
  readonly state: TargetHealthStateEnum;
  readonly reason?: string;
}

export function balancerOf(world: World, group: TargetGroupThing): BalancerThing | null {
  const listener = [...world.listeners.values()].find((one) => one.groupArn === group.id);
  return (listener && world.balancers.get(listener.balancerArn)) ?? null;
}

/** What the balancer says of a target now. ELBv2 reference, TargetHealth. */
export async function healthOf(world: World, group: TargetGroupThing, target: TargetThing): Promise<Health> {
  if (target.drainedAt !== null) return { state: 'draining', reason: 'Target.DeregistrationInProgress' };
  const instance = world.instances.get(target.instanceId);
  if (!instance || instance.state === 'terminated' || instance.state === 'stopped')
    return { state: 'unused', reason: 'Target.InvalidState' };
  const balancer = balancerOf(world, group);
  const listener = [...world.listeners.values()].find((one) => one.groupArn === group.id);
  if (!balancer || !listener) return { state: 'unused', reason: 'Target.NotInUse' };
  const node = balancer.nodes.find((one) => one.subnet.zone === instance.subnet.zone);
  if (!node && world.readings.targetOutsideZones === 'unused')
    return { state: 'unused', reason: 'Target.NotInUse' };
  // Checked from its registration, the listener and its zone on, whichever came last.
  const since = Math.max(target.registeredAt, listener.createdAt, node?.enabledAt ?? 0);
  if (world.now < since + world.delays.initial)
    return { state: 'initial', reason: 'Elb.RegistrationInProgress' };
  const answers =
    !world.lost.has(instance.subnet.zone) &&
    (await world.options.realizer.probe(instance.id, group.port, group.path));
  return answers ? { state: 'healthy' } : { state: 'unhealthy', reason: 'Target.FailedHealthChecks' };
}

/** Where a balancer's working nodes send new connections: to its healthy targets, or, with none, to all. */
export async function refreshRoutes(world: World, balancer: BalancerThing): Promise<void> {
  const listener = [...world.listeners.values()].find((one) => one.balancerArn === balancer.id);
  const group = listener && world.targetGroups.get(listener.groupArn);
  const targets = group?.targets.filter((target) => target.drainedAt === null) ?? [];
  const healthy: string[] = [];
  for (const target of targets)
    if ((await healthOf(world, group!, target)).state === 'healthy') healthy.push(target.instanceId);
  const ids = healthy.length > 0 ? healthy : targets.map((target) => target.instanceId);
  for (const node of balancer.nodes) {
    const up = node.ready && !world.lost.has(node.subnet.zone) && ids.length > 0;
    const route = up ? ({ kind: 'balancer', ids, port: group!.port } as const) : null;
    const wanted = JSON.stringify(route);
    if (node.routed === wanted) continue;
    node.routed = wanted;
    await world.options.realizer.route(node.ip, route);
  }
}
