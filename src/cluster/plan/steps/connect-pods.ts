import { withNodeInside, withNodeObject } from './node-effects.ts';
import { itsNode, type NodeStep, nodeInside, type StepKind } from './step-kind.ts';

/** Pods on the node get addresses of its range; resolves when the node is Ready. */
export interface ConnectPods extends NodeStep<'connect-pods'> {
  readonly podCidr: string;
}

export const connectPods: StepKind<ConnectPods> = {
  describe: ({ node }) => `connect the pods of ${node}`,
  touches: itsNode,
  outdates: nodeInside,
  simulate: ({ node, podCidr }, before) =>
    withNodeObject(withNodeInside(before, node, { podCidr }), node, { ready: 'ready', problem: null }),
};
