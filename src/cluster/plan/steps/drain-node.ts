import { withNodeObject } from './node-effects.ts';
import { etcdAlone, itsNode, type NodeStep, type StepKind } from './step-kind.ts';

/** No new pods come, and those that are there move, as their disruption budgets allow. */
export interface DrainNode extends NodeStep<'drain-node'> {
  /** Also pods that nothing makes again, and whose budgets refuse until the time is over. */
  readonly force: boolean;
  readonly timeoutSeconds: number;
}

export const drainNode: StepKind<DrainNode> = {
  describe: ({ node }) => `drain ${node}`,
  touches: itsNode,
  outdates: etcdAlone,
  simulate: ({ node }, before) => withNodeObject(before, node, { cordoned: true, podsToMove: 0 }),
};
