import { emptyNode, withNodes } from './node-effects.ts';
import { itsNode, type NodeStep, nodeMachine, type StepKind } from './step-kind.ts';

export interface CreateNode extends NodeStep<'create-node'> {
  readonly zone: string;
}

export const createNode: StepKind<CreateNode> = {
  describe: ({ node, zone }) => `create the machine ${node} in ${zone}`,
  touches: itsNode,
  outdates: nodeMachine,
  simulate: ({ node, zone }, before) =>
    withNodes(before, {
      machines: [
        ...before.nodes.machines,
        { name: node, zone, state: 'running', internalIp: '', externalIp: null, inside: emptyNode },
      ],
    }),
};
