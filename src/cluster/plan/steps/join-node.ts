import { nodeObjectOf, type ObservedNode } from '../../model/nodes.ts';
import { withNodeInside, withNodes } from './node-effects.ts';
import { itsNode, itsRoute, type NodeStep, nodeMachine, type StepKind } from './step-kind.ts';

/**
 * Container runtime, kubelet and kube-proxy run, the node has its images, and the API has the node, with a range of addresses for its pods.
 * Where the pods' network is haup's the range is routed and in use as well: then the node is Ready.
 */
export type JoinNode = NodeStep<'join-node'>;

export const joinNode: StepKind<JoinNode> = {
  describe: ({ node }) => `let ${node} join the cluster`,
  touches: (step) => [...itsNode(step), ...itsRoute(step)],
  outdates: nodeMachine,
  simulate: ({ node }, before) => {
    const podCidr = nodeObjectOf(before.nodes, node)?.podCidr ?? `planned-${node}`;
    const after = withNodeInside(before, node, {
      containerd: 'running',
      kubelet: 'running',
      kubeProxy: 'running',
      joining: false,
      podCidr,
    });
    const routes = (after.nodes.routes ?? []).filter(({ destination }) => destination !== podCidr);
    const others = (after.nodes.objects ?? []).filter(({ name }) => name !== node);
    const joined: ObservedNode = {
      name: node,
      ready: 'ready',
      problem: null,
      version: null,
      podCidr,
      providerId: null,
      internalIp: null,
      zone: null,
      cordoned: false,
      podsToMove: null,
    };
    return withNodes(after, {
      objects: [...others, joined],
      routes: [...routes, { destination: podCidr, machine: node }],
    });
  },
};
