import type { NodeInside } from '../../../nodes/inspect.ts';
import { nodeObjectOf } from '../../model/nodes.ts';
import { emptyNode, withNodeMachine, withNodeObject } from './node-effects.ts';
import { itsNode, type NodeStep, nodeMachine, type StepKind } from './step-kind.ts';

export type StartNode = NodeStep<'start-node'>;

export const startNode: StepKind<StartNode> = {
  describe: ({ node }) => `start the machine ${node}`,
  touches: itsNode,
  outdates: nodeMachine,
  simulate: ({ node }, before) => {
    // What has joined once comes back by itself; of anything else nothing is known but that its disk may be empty.
    const object = nodeObjectOf(before.nodes, node);
    const inside: NodeInside = object
      ? {
          ...emptyNode,
          provisioned: true,
          containerd: 'running',
          kubelet: 'running',
          kubeProxy: 'running',
          podCidr: object.podCidr,
        }
      : emptyNode;
    const after = withNodeMachine(before, node, { state: 'running', inside });
    return withNodeObject(after, node, { ready: 'ready', problem: null });
  },
};
