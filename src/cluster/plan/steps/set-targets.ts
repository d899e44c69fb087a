import type { Target } from '../../../providers/provider.ts';
import { machineOf, type Observation } from '../../model/observation.ts';
import { cloud, type StepKind } from './step-kind.ts';

/** Resolves when those that came are healthy and those that went are drained. */
export interface SetTargets {
  readonly kind: 'set-targets';
  readonly targets: readonly string[];
}

export const setTargets: StepKind<SetTargets> = {
  describe: ({ targets }) => `set the load balancer's targets to ${targets.join(', ') || 'none'}`,
  touches: () => ['balancer'],
  outdates: cloud,
  simulate: ({ targets }, before) =>
    before.balancer
      ? { ...before, balancer: { ...before.balancer, targets: targets.map((name) => target(before, name)) } }
      : before,
};

function target(o: Observation, replica: string): Target {
  const ready = machineOf(o, replica)?.inside?.apiServer === 'ready';
  return { replica, health: ready ? 'healthy' : 'unhealthy' };
}
