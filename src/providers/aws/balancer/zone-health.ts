import type { Instance, LoadBalancer } from '../api/replies.ts';
import type { Context } from '../context.ts';
import type { targetHealth } from './parts.ts';

type Health = Awaited<ReturnType<typeof targetHealth>>;

/** What the balancer's own checks say about a zone: AWS reports an outage late, if at all. */
export type ZoneHealth =
  /** A target there is healthy, or is being checked; or none is anywhere, which is no zone's fault. */
  | 'fine'
  /** None of its targets answers, though others do. */
  | 'dead'
  /** It has no target to judge by. */
  | 'unknown';

export function zoneHealth(zone: string, targets: Health, instances: readonly Instance[]): ZoneHealth {
  const judged = targets.filter(
    ({ state, TargetHealth }) => state !== 'draining' && TargetHealth?.Reason !== 'Target.NotInUse',
  );
  if (!judged.some((target) => target.state === 'healthy')) return 'fine';
  const zoneOf = new Map(instances.map((one) => [one.InstanceId, one.Placement?.AvailabilityZone]));
  const there = judged.filter((target) => zoneOf.get(target.id) === zone);
  if (there.length === 0) return 'unknown';
  return there.some(({ state }) => state === 'healthy' || state === 'initial') ? 'fine' : 'dead';
}

/**
 * Whether the balancer takes a connection at its own name, which stands for its nodes in all zones. Only then does silence at the address
 * say something of the zone: to a host that `--allow-from` keeps out, or that has no network, all of the balancer is silent.
 */
export async function answersElsewhere(context: Context, lb: LoadBalancer): Promise<boolean> {
  return lb.DNSName !== undefined && context.reach(lb.DNSName, context.cluster.apiPort);
}

/** Zones that had better not get the address: what was there answers no more. */
export function deadZones(targets: Health, instances: readonly Instance[]): string[] {
  const zones = new Set(instances.flatMap((one) => one.Placement?.AvailabilityZone ?? []));
  return [...zones].filter((zone) => zoneHealth(zone, targets, instances) === 'dead');
}
