import type { Observation } from '../model/observation.ts';
import { kindOf, type Step } from './steps/index.ts';
import type { Outdated } from './steps/step-kind.ts';

export type { Step } from './steps/index.ts';

/** Identifies a step: the same action on the same thing. */
export function stepKey(step: Step): string {
  return JSON.stringify(step);
}

/** What a step works on. Steps that share a thing never run at once; all changes of etcd's membership share `etcd`. */
export function touches(step: Step): readonly string[] {
  return kindOf(step).touches(step);
}

/** One line for an operator: "create the machine demo-master in local-a". */
export function describe(step: Step): string {
  return kindOf(step).describe(step);
}

/** The same, of a change that has stopped before it. */
export function stillToDo(step: Step): string {
  return `still to do is to ${describe(step)}`;
}

/** What has to be looked at again after it. */
export function outdatedBy(step: Step): Outdated {
  return kindOf(step).outdates(step);
}

/** The observation after the step, had it succeeded: the twin of its executor, and what plans are made of. Pure. */
export function simulate(step: Step, before: Observation): Observation {
  return kindOf(step).simulate(step, before);
}

/** The one replica that a step is about; null for what the cluster has once. */
export function replicaOf(step: Step): string | null {
  if ('replica' in step) return step.replica;
  return step.kind === 'hand-over' && step.to.kind === 'machine' ? step.to.name : null;
}

/** Whether a step is about nodes alone. Certificates by other authorities are not: the masters' rotation waits for those. */
export function isOfNodes(step: Step): boolean {
  if (step.kind === 'set-service-nodes') return true;
  return 'node' in step && step.kind !== 'renew-node';
}
