import type { Blow, Wound } from '../../model/drill.ts';
import { nodeMachineOf } from '../../model/nodes.ts';
import type { Observation } from '../../model/observation.ts';
import { withInside } from './effects.ts';
import { ensureBalancer } from './ensure-balancer.ts';
import { startMachine } from './start-machine.ts';
import { startNode } from './start-node.ts';
import { ANY_MACHINE, type StepKind } from './step-kind.ts';

/** Takes back what a drill did. */
export interface UndoFault extends Wound {
  readonly kind: 'undo-fault';
}

const words: Record<Blow, string> = {
  'power-off': 'start',
  reset: 'start',
  freeze: 'thaw',
  isolate: 'reconnect',
  'kill-api-server': 'start the API server of',
  'kill-balancer': 'start',
};

export const undoFault: StepKind<UndoFault> = {
  describe: ({ blow, machine }) => `${words[blow]} ${machine ?? 'the load balancer'} again after the drill`,
  touches: ({ machine }) => [machine ?? 'balancer'],
  outdates: ({ machine }) => ({ cloud: true, inside: machine ?? ANY_MACHINE }),
  simulate: (step, before) => forgotten(undone(step, before), step),
};

function undone({ blow, machine }: UndoFault, before: Observation): Observation {
  if (machine === null) return ensureBalancer.simulate({ kind: 'ensure-balancer', zones: [] }, before);
  if (blow === 'kill-api-server') return withInside(before, machine, { apiServer: 'ready' });
  return nodeMachineOf(before.nodes, machine)
    ? startNode.simulate({ kind: 'start-node', node: machine }, before)
    : startMachine.simulate({ kind: 'start-machine', replica: machine }, before);
}

function forgotten(o: Observation, { blow, machine }: Wound): Observation {
  const { drill } = o.remembered;
  if (!drill) return o;
  const wounds = drill.wounds.filter((wound) => wound.blow !== blow || wound.machine !== machine);
  return { ...o, remembered: { ...o.remembered, drill: { ...drill, wounds } } };
}
