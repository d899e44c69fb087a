/** What commands make of a spec's nodes; as spec-changes.ts does for its replicas. Pure. */
import { InputError, NotFoundError, Refusal } from '../../model/errors.ts';
import { MAX_NODES } from '../../model/names.ts';
import { isNodeName, nodeMachineOf, nodeObjectOf } from '../../model/nodes.ts';
import type { Observation } from '../../model/observation.ts';
import { type ClusterSpec, type NodeSpec, replicaZones, wantedNode } from '../../model/spec.ts';
import type { NameMaker, Removal } from '../spec-changes.ts';

/**
 * One node more for each zone named.
 * @param leaving how many that are named no more have a range for their pods until the newcomers are ready.
 */
export function withNodes(
  spec: ClusterSpec,
  zones: readonly string[],
  nameOf: NameMaker,
  leaving = 0,
): ClusterSpec {
  if (spec.federation && zones.length > 0)
    throw new InputError(`${spec.name} is a federation: it keeps objects, and no pod runs in it`);
  const count = spec.nodes.length + zones.length;
  if (count > MAX_NODES)
    throw new InputError(`a cluster has at most ${MAX_NODES} nodes; ${spec.name} would have ${count}`);
  const room = ranges(spec.clusterCidr);
  if (count + leaving > room) {
    const meanwhile =
      leaving > 0
        ? `, ${leaving} of which ${leaving > 1 ? 'leave' : 'leaves'} when all others are ready`
        : '';
    throw new InputError(
      `${spec.clusterCidr} has room for the pods of ${room} nodes (a /24 each); ${spec.name} would have ${count + leaving}${meanwhile}`,
      leaving > 0 ? { advice: 'remove a node first, and add one when it is gone' } : {},
    );
  }
  const nodes = [...spec.nodes];
  const usedNames = [...spec.usedNames];
  for (const zone of zones) {
    const name = nameOf(spec.name, usedNames);
    nodes.push({ name, zone });
    usedNames.push(name);
  }
  const [first] = replicaZones(spec);
  const other = zones.find((zone) => zone !== spec.zone && zone !== first);
  if (!spec.multizone && other) {
    throw new Refusal(`${spec.name} is made for one zone (${first}); ${other} would be another`, {
      to: 'make a cluster over several zones',
      command: 'create',
      cluster: 'NAME',
      switches: ['multizone'],
    });
  }
  return { ...spec, nodes, usedNames };
}

/** Those that are named may be on their way out already: to let them go again is the same wish, perhaps to be carried out otherwise. */
export function withoutNodes(spec: ClusterSpec, observation: Observation, removal: Removal): ClusterSpec {
  const names =
    'names' in removal ? staying(spec, observation, removal.names) : choose(spec, observation, removal);
  if (names.length === 0) return spec;
  for (const name of names) find(spec, name);
  return { ...spec, nodes: spec.nodes.filter((node) => !names.includes(node.name)) };
}

/**
 * A successor in the same zone for each; it is ready before its predecessor is drained. One that is on its way out already gets none: it has
 * one, or was not to have any.
 */
export function withReplacedNodes(
  spec: ClusterSpec,
  observation: Observation,
  named: readonly string[],
  nameOf: NameMaker,
): ClusterSpec {
  const names = staying(spec, observation, named);
  if (names.length === 0) return spec;
  const zones = names.map((name) => find(spec, name).zone);
  const without = { ...spec, nodes: spec.nodes.filter((node) => !names.includes(node.name)) };
  return withNodes(without, zones, nameOf, names.length);
}

/** Of these, all but those that nobody wants any more and of which something is there still. */
function staying(spec: ClusterSpec, { nodes }: Observation, names: readonly string[]): string[] {
  const isThere = (name: string): boolean =>
    nodeMachineOf(nodes, name) !== undefined ||
    (isNodeName(spec, name) && nodeObjectOf(nodes, name) !== undefined);
  return names.filter((name) => wantedNode(spec, name) || !isThere(name));
}

/** How many /24s a range has. */
function ranges(cidr: string): number {
  const length = Number(cidr.split('/')[1]);
  return length > 24 ? 0 : 2 ** (24 - length);
}

function find(spec: ClusterSpec, name: string): NodeSpec {
  const node = wantedNode(spec, name);
  if (node) return node;
  throw new NotFoundError(
    `node of ${spec.name}`,
    name,
    spec.nodes.map((candidate) => candidate.name),
  );
}

/** What is not ready first; then from the fullest zone, to keep the spread; then the youngest. */
function choose(
  spec: ClusterSpec,
  { nodes }: Observation,
  { zone, count }: { readonly zone: string | undefined; readonly count: number },
): string[] {
  const inZone = (node: NodeSpec): boolean => zone === undefined || node.zone === zone;
  const candidates = spec.nodes.filter(inZone).length;
  if (candidates < count) {
    throw new InputError(
      `there ${candidates === 1 ? 'is 1 node' : `are ${candidates} nodes`} to remove${zone ? ` in ${zone}` : ''}, not ${count}`,
    );
  }
  let left = spec.nodes;
  const chosen: string[] = [];
  while (chosen.length < count) {
    const ready = (node: NodeSpec) => nodeObjectOf(nodes, node.name)?.ready === 'ready';
    const neighbours = (node: NodeSpec) => left.filter((other) => other.zone === node.zone).length;
    const best = left
      .filter(inZone)
      .toSorted(
        (a, b) =>
          Number(ready(a)) - Number(ready(b)) ||
          neighbours(b) - neighbours(a) ||
          spec.nodes.indexOf(b) - spec.nodes.indexOf(a),
      )[0]!;
    chosen.push(best.name);
    left = left.filter((node) => node !== best);
  }
  return chosen;
}
