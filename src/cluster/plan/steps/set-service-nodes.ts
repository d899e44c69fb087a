import { withNodes } from './node-effects.ts';
import { cloud, type StepKind } from './step-kind.ts';

/** External addresses of Services lead to these nodes. */
export interface SetServiceNodes {
  readonly kind: 'set-service-nodes';
  readonly nodes: readonly string[];
}

export const setServiceNodes: StepKind<SetServiceNodes> = {
  describe: ({ nodes }) => `let Services' external addresses lead to ${nodes.join(', ') || 'no node'}`,
  touches: () => ['service-nodes'],
  outdates: cloud,
  simulate: ({ nodes }, before) => withNodes(before, { serviceNodes: nodes }),
};
