import { ProviderError } from '../../errors.ts';
import type { TargetGroup } from '../api/replies.ts';
import { type Context, minutes, wait } from '../context.ts';
import { findInstances, nameOf } from '../instances.ts';
import type { Placement } from '../placement.ts';
import { findParts, mappings, targetHealth } from './parts.ts';
import { enable } from './zones.ts';

/** A target that is on its way out, or has been out: nothing to deregister. */
const leaving = ['draining', 'unhealthy.draining'];

/** Makes exactly these machines the targets: those that join are healthy before any other leaves. */
export async function setTargets(
  context: Context,
  placement: Placement,
  machines: readonly string[],
): Promise<void> {
  const { api } = context;
  const [{ lb, group }, instances] = await Promise.all([findParts(context), findInstances(context)]);
  if (!lb || !group) throw new ProviderError('conflict', 'there is no load balancer to set targets of');
  const wanted = machines.map((name) => {
    const instance = instances.find((candidate) => nameOf(candidate) === name);
    if (!instance?.InstanceId) throw new ProviderError('not-found', `there is no machine ${name}`);
    return { name, Id: instance.InstanceId, zone: instance.Placement?.AvailabilityZone ?? '' };
  });
  // A target in a zone that is not enabled may never be used, cross-zone balancing or not (the docs contradict each other).
  const enabled = mappings(lb).map((mapping) => mapping.zone);
  const foreign = new Set(wanted.map((target) => target.zone).filter((zone) => !enabled.includes(zone)));
  await enable(context, api, await Promise.all([...foreign].map((zone) => placement.subnet(zone))));
  const registered = await targetHealth(api, group);
  const present = registered.filter((target) => !leaving.includes(target.state));
  const draining = present.length < registered.length;
  const joining = wanted.filter((target) => !present.some((other) => other.id === target.Id));
  const surplus = present.filter((target) => !wanted.some((other) => other.Id === target.id));
  const TargetGroupArn = group.TargetGroupArn;
  if (joining.length)
    await api.elb(
      'RegisterTargets',
      { TargetGroupArn, Targets: joining.map(({ Id }) => ({ Id })) },
      // An instance that runs since a moment ago may not be known to the balancer.
      { patience: ['InvalidTarget', 'InvalidTargetException'], deadlineMs: 1 * minutes },
    );
  // Those of an interrupted run count as joining, too; one that has failed since is for others to judge.
  // A stopped machine's target is "unused", too, for another reason.
  const fresh = present.filter(
    ({ state, TargetHealth }) =>
      state === 'initial' || (state === 'unused' && TargetHealth?.Reason === 'Target.NotInUse'),
  );
  const added = wanted.filter(
    (target) => joining.includes(target) || fresh.some((other) => other.id === target.Id),
  );
  if (added.length) await untilHealthy(context, group, added);
  if (surplus.length)
    await api.elb('DeregisterTargets', { TargetGroupArn, Targets: surplus.map(({ id }) => ({ Id: id })) });
  if (surplus.length || draining) await untilGone(context, group, wanted);
}

async function untilHealthy(
  context: Context,
  group: TargetGroup,
  wanted: readonly { name: string; Id: string }[],
): Promise<void> {
  let waiting = wanted.map((target) => target.name);
  let reason = '';
  await wait(
    context,
    `the load balancer to find ${waiting.join(', ')} healthy`,
    async () => {
      const health = await targetHealth(context.api, group);
      const not = wanted.filter(({ Id }) => !health.some((it) => it.id === Id && it.state === 'healthy'));
      waiting = not.map((target) => target.name);
      reason = health
        .filter((it) => not.some((target) => target.Id === it.id))
        .map((it) => `${it.state}: ${it.TargetHealth?.Description ?? it.TargetHealth?.Reason ?? ''}`)
        .join('; ');
      return not.length === 0 || undefined;
    },
    {
      timeoutMs: 10 * minutes,
      intervalMs: 1000,
      last: () => `not healthy: ${waiting.join(', ')}${reason ? ` (${reason})` : ''}`,
    },
  );
}

async function untilGone(
  context: Context,
  group: TargetGroup,
  wanted: readonly { Id: string }[],
): Promise<void> {
  await wait(
    context,
    'the load balancer to drain the targets that leave',
    async () => {
      const health = await targetHealth(context.api, group);
      return health.every((it) => wanted.some(({ Id }) => Id === it.id)) || undefined;
    },
    { timeoutMs: 10 * minutes, intervalMs: 1000 },
  );
}

/** A target whose zone was away for a moment is checked again from the start: wait until it has been. */
export async function targetsSettled(context: Context): Promise<void> {
  const { group } = await findParts(context);
  if (!group) return;
  await wait(
    context,
    'the load balancer to check its targets again',
    async () => {
      const health = await targetHealth(context.api, group);
      return health.every((target) => target.state !== 'initial') || undefined;
    },
    { timeoutMs: 10 * minutes, intervalMs: 1000 },
  );
}
