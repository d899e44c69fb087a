import type { SeenMachine } from '../../src/cluster/model/machine.ts';
import type { Observation } from '../../src/cluster/model/observation.ts';
import type { Step } from '../../src/cluster/plan/step.ts';
import type { LookCache } from '../../src/cluster/world/observe/look-cache.ts';

/** What a {@link lookThrough} keeps: all of an observation for the cloud's part of it, and each machine's word of itself. */
export type TestCache = LookCache<Observation, unknown>;

/**
 * An observation put together as the real world does it: of the cloud and the machines what is known still, of etcd, the API and the
 * store what is now.
 */
export async function lookThrough(
  cache: TestCache,
  now: Observation,
  since: readonly Step[] | undefined,
): Promise<Observation> {
  cache.forget(since);
  const { network, address, balancer, machines, nodes } = await cache.cloud(async () => now);
  return {
    ...now,
    network,
    address,
    balancer,
    machines: await Promise.all(machines.map((machine) => inside(machine, now.machines))),
    nodes: {
      ...now.nodes,
      machines: await Promise.all(nodes.machines.map((machine) => inside(machine, now.nodes.machines))),
      routes: nodes.routes,
      serviceNodes: nodes.serviceNodes,
    },
  };

  async function inside<I>(machine: SeenMachine<I>, all: readonly SeenMachine<I>[]): Promise<SeenMachine<I>> {
    if (machine.state !== 'running') return machine;
    const look = async () => all.find(({ name }) => name === machine.name)?.inside ?? null;
    return { ...machine, inside: (await cache.inside(machine.name, look)) as I | null };
  }
}
