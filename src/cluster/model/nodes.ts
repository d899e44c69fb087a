import type { NodeObject } from '../../nodes/api/nodes.ts';
import type { NodeInside } from '../../nodes/inspect.ts';
import type { NodeRoute } from '../../providers/networks.ts';
import type { SeenMachine } from './machine.ts';
import { isMasterName } from './names.ts';
import type { ClusterSpec } from './spec.ts';

/** A machine of the role `node`. */
export type NodeMachine = SeenMachine<NodeInside>;

/** What the API says of a node. */
export interface ObservedNode extends NodeObject {
  /** How many pods have to be moved before it may go; null where nobody asked: it stays, and is ready or waited for by nobody. */
  readonly podsToMove: number | null;
}

/** What is of the nodes: from the cloud, from the machines, and from the API. */
export interface NodesObservation {
  readonly machines: readonly NodeMachine[];
  /** Every Node object, also of those that are not haup's. Null: the API was not asked or did not answer, and nothing is known. */
  readonly objects: readonly ObservedNode[] | null;
  /** Null where the provider does not route pods' addresses. */
  readonly routes: readonly NodeRoute[] | null;
  /** Whom the external addresses of Services lead to; null where the provider has none to give. */
  readonly serviceNodes: readonly string[] | null;
}

export const noNodes: NodesObservation = { machines: [], objects: null, routes: null, serviceNodes: null };

export function nodeMachineOf({ machines }: NodesObservation, name: string): NodeMachine | undefined {
  return machines.find((machine) => machine.name === name);
}

/** A name that the cluster has given to a node, which may be long gone. Masters have used names too, and may have Node objects of others. */
export function isNodeName(
  spec: Pick<ClusterSpec, 'name' | 'replicas' | 'usedNames'>,
  name: string,
): boolean {
  const isMaster = isMasterName(spec.name, name) || spec.replicas.some((replica) => replica.name === name);
  return spec.usedNames.includes(name) && !isMaster;
}

/** Undefined where there is none, and where the API could not be asked. */
export function nodeObjectOf({ objects }: NodesObservation, name: string): ObservedNode | undefined {
  return objects?.find((object) => object.name === name);
}

/**
 * Parts that are to run and do not, beside the kubelet, of which the API tells. What is disabled nobody wants there: kube-proxy, where
 * somebody else does its work. One that still joins has yet to start them.
 */
export function stoppedParts({ provisioned, joining, containerd, kubeProxy }: NodeInside): string[] {
  if (!provisioned || joining) return [];
  return [
    ...(containerd === 'stopped' ? ['container runtime'] : []),
    ...(kubeProxy === 'stopped' ? ['kube-proxy'] : []),
  ];
}
