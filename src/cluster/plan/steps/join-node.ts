import type { ObservedNode } from '../../model/nodes.ts';
import { withNodeInside, withNodes } from './node-effects.ts';
import { itsNode, type NodeStep, nodeInside, type StepKind } from './step-kind.ts';

/** Container runtime, kubelet and kube-proxy run, and the API has the node and a range of addresses for its pods. */
export type JoinNode = NodeStep<'join-node'>;

export const joinNode: StepKind<JoinNode> = {
  describe: ({ node }) => `let ${node} join the cluster`,
  touches: itsNode,
  outdates: nodeInside,
  simulate: ({ node }, before) => {
    const after = withNodeInside(before, node, {
      containerd: 'running',
      kubelet: 'running',
      kubeProxy: 'running',
      joining: false,
    });
    const others = (after.nodes.objects ?? []).filter(({ name }) => name !== node);
    const joined: ObservedNode = {
      name: node,
      ready: 'unready',
      problem: null,
      version: null,
      podCidr: `planned-${node}`,
      providerId: null,
      internalIp: null,
      zone: null,
      cordoned: false,
      podsToMove: null,
    };
    return withNodes(after, { objects: [...others, joined] });
  },
};
