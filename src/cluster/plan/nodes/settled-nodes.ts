/** What `--abandon` makes of a spec's nodes. Pure. */
import {
  isNodeName,
  type NodeMachine,
  nodeMachineOf,
  nodeObjectOf,
  type ObservedNode,
} from '../../model/nodes.ts';
import type { Observation } from '../../model/observation.ts';
import { type ClusterSpec, type NodeSpec, wantedNode } from '../../model/spec.ts';

/**
 * The nodes of now: who has joined, the API says, where it answers. One that lives and whose object somebody has deleted comes back by
 * itself. One that was on its way out, and works, stays: it would have left for somebody who is given up here. Who is drained already goes.
 */
export function withSettledNodes(spec: ClusterSpec, { nodes }: Observation): ClusterSpec {
  const isThere = ({ name }: NodeSpec): boolean =>
    nodes.objects === null || nodeObjectOf(nodes, name) !== undefined || runs(nodeMachineOf(nodes, name));
  const staying = nodes.machines.filter(
    (machine) =>
      isNodeName(spec, machine.name) &&
      !wantedNode(spec, machine.name) &&
      runs(machine) &&
      runsPods(nodeObjectOf(nodes, machine.name)),
  );
  return {
    ...spec,
    nodes: [...spec.nodes.filter(isThere), ...staying.map(({ name, zone }) => ({ name, zone }))],
  };
}

/** Nodes that stay although they were to leave, and that a drain has cordoned: no pod comes to them before somebody ends that. */
export function cordonedStayers(
  before: ClusterSpec,
  after: ClusterSpec,
  { nodes }: Observation,
): readonly string[] {
  return after.nodes
    .map(({ name }) => name)
    .filter((name) => !wantedNode(before, name) && nodeObjectOf(nodes, name)?.cordoned);
}

function runs(machine: NodeMachine | undefined): boolean {
  return machine?.inside?.kubelet === 'running' && !machine.inside.joining;
}

function runsPods(object: ObservedNode | undefined): boolean {
  return object !== undefined && !(object.cordoned && object.podsToMove === 0);
}
