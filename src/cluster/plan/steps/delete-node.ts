import { withNodes } from './node-effects.ts';
import { itsNode, itsRoute, type NodeStep, nodeMachine, type StepKind } from './step-kind.ts';

export type DeleteNode = NodeStep<'delete-node'>;

export const deleteNode: StepKind<DeleteNode> = {
  describe: ({ node }) => `delete the machine ${node}`,
  touches: (step) => [...itsNode(step), ...itsRoute(step)],
  outdates: nodeMachine,
  simulate: ({ node }, before) =>
    withNodes(before, {
      machines: before.nodes.machines.filter(({ name }) => name !== node),
      routes: before.nodes.routes?.filter(({ machine }) => machine !== node) ?? null,
    }),
};
