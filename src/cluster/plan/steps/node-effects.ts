/** What steps do to what is observed of the nodes. Pure. */
import type { NodeInside } from '../../../nodes/inspect.ts';
import {
  type NodeMachine,
  type NodesObservation,
  nodeMachineOf,
  type ObservedNode,
} from '../../model/nodes.ts';
import type { Observation } from '../../model/observation.ts';

/** A disk on which nothing has been done yet. */
export const emptyNode: NodeInside = {
  provisioned: false,
  digest: null,
  kubernetesVersion: null,
  containerd: 'disabled',
  kubelet: 'disabled',
  kubeProxy: 'disabled',
  servingCertificateExpires: null,
  servingCertificateBegins: null,
  servingCertificateSecondsLeft: null,
  clientCertificateExpires: null,
  clockAheadSeconds: 0,
  podCidr: null,
  joining: false,
  trust: [],
  servingIssuer: null,
  clientIssuer: null,
};

export function withNodes(o: Observation, change: Partial<NodesObservation>): Observation {
  return { ...o, nodes: { ...o.nodes, ...change } };
}

export function withNodeMachine(o: Observation, name: string, change: Partial<NodeMachine>): Observation {
  return withNodes(o, {
    machines: o.nodes.machines.map((machine) =>
      machine.name === name ? { ...machine, ...change } : machine,
    ),
  });
}

export function withNodeInside(o: Observation, name: string, change: Partial<NodeInside>): Observation {
  const was = nodeMachineOf(o.nodes, name)?.inside ?? emptyNode;
  return withNodeMachine(o, name, { inside: { ...was, ...change } });
}

export function withNodeObject(o: Observation, name: string, change: Partial<ObservedNode>): Observation {
  const objects = o.nodes.objects?.map((node) => (node.name === name ? { ...node, ...change } : node));
  return withNodes(o, { objects: objects ?? null });
}
