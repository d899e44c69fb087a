import type { Balancer, BalancerState, Target, TargetHealth } from '../../provider.ts';
import { tolerate } from '../api/errors.ts';
import { type Context, minutes } from '../context.ts';
import { findInstances, nameOf } from '../instances.ts';
import { type BuildParts, build } from './build.ts';
import { assertOurs, balancerName, findParts, isComplete, targetHealth } from './parts.ts';
import { setTargets } from './targets.ts';
import { deleteLoadBalancer } from './zones.ts';

export function balancer(context: Context, parts: BuildParts): Balancer {
  const { api } = context;
  return {
    async read(): Promise<BalancerState | null> {
      const [found, instances] = await Promise.all([findParts(context), findInstances(context)]);
      if (!found.lb && !found.group) return null;
      const health = found.group ? await targetHealth(api, found.group) : [];
      const names = new Map(instances.map((instance) => [instance.InstanceId, nameOf(instance)]));
      const targets = health
        .map(({ id, state }): Target => ({ replica: names.get(id) ?? '', health: toHealth(state) }))
        .filter((target) => target.replica !== '')
        .sort((a, b) => a.replica.localeCompare(b.replica));
      return {
        name: balancerName(context.cluster),
        complete: isComplete(found),
        targets,
        dnsName: found.lb?.DNSName ?? null,
      };
    },

    async ensure(zones) {
      await build(context, parts, zones);
    },

    setTargets: (machines) => setTargets(context, parts.placement, machines),

    async delete() {
      const found = await findParts(context);
      await assertOurs(context, found);
      await deleteLoadBalancer(context, found.lb);
      const { group } = found;
      if (group)
        await tolerate(
          api.elb(
            'DeleteTargetGroup',
            { TargetGroupArn: group.TargetGroupArn },
            { patience: ['ResourceInUse', 'ResourceInUseException'], deadlineMs: 10 * minutes },
          ),
          ['TargetGroupNotFoundException', 'TargetGroupNotFound'],
        );
    },
  };
}

function toHealth(state: string): TargetHealth {
  if (state === 'healthy') return 'healthy';
  return state === 'draining' || state === 'unhealthy.draining' ? 'draining' : 'unhealthy';
}
