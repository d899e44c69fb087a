import { type Decision, nothingToDo } from '../decision.ts';
import type { Step } from '../step.ts';
import type { View } from '../view.ts';

/** The way down of `haup delete`: what clients use first, what the rest depends on last. */
export function deleteAll(v: View): Decision {
  const { address, balancer, machines, nodes, remembered } = v.observation;
  if (remembered.networkDeleted) return nothingToDo;
  const steps: Step[] = machines.map((machine) => ({ kind: 'delete-machine', replica: machine.name }));
  steps.push(...nodes.machines.map((machine): Step => ({ kind: 'delete-node', node: machine.name })));
  if (balancer) steps.push({ kind: 'delete-balancer' });
  if (steps.length > 0) return { steps, blocked: [] };
  if (address) return { steps: [{ kind: 'release-address' }], blocked: [] };
  return { steps: [{ kind: 'delete-network' }], blocked: [] };
}
