import type { Observation } from '../cluster/model/observation.ts';
import type { ClusterSpec } from '../cluster/model/spec.ts';

/**
 * Zones of which more than half of the machines are dead, and more than one: of one alone nobody can tell. `dead`: the names of
 * the replicas that are. Pure.
 */
export function zonesOut(
  { replicas, nodes }: Pick<ClusterSpec, 'replicas' | 'nodes'>,
  observation: Pick<Observation, 'nodes'>,
  dead: readonly string[],
): readonly string[] {
  const zones = [...new Set([...replicas, ...nodes].map(({ zone }) => zone))];
  return zones.filter((zone) => {
    const here = replicas.filter((replica) => replica.zone === zone);
    const others = nodes.filter((node) => node.zone === zone);
    const lost = [
      ...here.filter(({ name }) => dead.includes(name)),
      ...others.filter(({ name }) => isNodeDown(observation, name)),
    ];
    return lost.length > 1 && lost.length * 2 > here.length + others.length;
  });
}

function isNodeDown({ nodes }: Pick<Observation, 'nodes'>, name: string): boolean {
  const machine = nodes.machines.find((each) => each.name === name);
  return machine?.state !== 'running' || machine.inside === null;
}
