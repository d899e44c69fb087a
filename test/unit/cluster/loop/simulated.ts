import { applyChange, type Change } from '../../../../src/cluster/loop/apply-change.ts';
import { converge } from '../../../../src/cluster/loop/converge.ts';
import { withReplicas } from '../../../../src/cluster/plan/spec-changes.ts';
import type { Step } from '../../../../src/cluster/plan/step.ts';
import { nameOf, specOf } from '../../../support/clusters.ts';
import { instantly } from '../../../support/quick-clock.ts';
import { type Fate, SimulatedWorld } from '../../../support/world.ts';

export const silent = { emit: () => {}, clock: instantly };

/** To three replicas in three zones. */
export const grow: Change = (spec) => withReplicas(spec, ['local-b', 'local-c'], nameOf);

/** A cluster of these that has converged, of which no step is remembered. */
export async function worldOf(...replicas: string[]): Promise<SimulatedWorld> {
  const world = new SimulatedWorld(specOf(replicas));
  await converge(world, silent);
  world.done.length = 0;
  return world;
}

/** Of each step of this kind. */
export function failing(kind: Step['kind'], fate: Fate = 'fails'): (step: Step) => Fate {
  return (step) => (step.kind === kind ? fate : 'works');
}

export function change(world: SimulatedWorld, what: Change, { dryRun = false } = {}) {
  return applyChange(world, what, { ...silent, dryRun });
}
