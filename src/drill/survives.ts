import type { Wound } from '../cluster/model/drill.ts';
import { machineOf, memberOf, type Observation } from '../cluster/model/observation.ts';
import { type Standing, standing } from '../cluster/plan/standing.ts';
import { withMember } from '../cluster/plan/steps/effects.ts';

/** Whether the cluster goes on without what an act takes away; `after`: how etcd stands then. */
export interface Survival {
  readonly after: Standing;
  /** Why it would not; null: it does. */
  readonly reason: string | null;
}

/**
 * Proven on the state that a look has just shown: etcd keeps its quorum, somebody goes on serving, clients find them, and pods still have
 * somewhere to run, where they had. Pure.
 */
export function survives(observation: Observation, wounds: readonly Wound[]): Survival {
  const lost = new Set(wounds.flatMap(({ machine }) => machine ?? []));
  const machinesStay = wounds.every(({ blow }) => blow === 'kill-api-server' || blow === 'kill-balancer');
  const state = machinesStay ? observation : [...lost].reduce(withoutMachine, observation);
  const after = standing(state);
  return { after, reason: whyNot(observation, after, lost) };
}

function whyNot(observation: Observation, after: Standing, lost: ReadonlySet<string>): string | null {
  if (!after.hasQuorum)
    return `etcd would have ${after.healthy} healthy voters of ${after.voters}, and needs ${after.quorum} for every write`;
  const { address, balancer } = observation;
  if (address?.holder.kind !== 'balancer')
    return 'the API address is on one machine: there is no load balancer that could lead clients to another';
  const targets = (balancer?.targets ?? []).filter(({ health }) => health === 'healthy');
  const serving = targets.filter(({ replica }) => !lost.has(replica) && serves(observation, replica));
  if (serving.length === 0) return 'no API server would be left to serve';
  const { machines } = observation.nodes;
  const runs = machines.some(
    ({ name, state, inside }) => !lost.has(name) && state === 'running' && inside?.kubelet === 'running',
  );
  return machines.length === 0 || runs ? null : 'no node would be left for pods to run on';
}

function serves(observation: Observation, name: string): boolean {
  const ready = machineOf(observation, name)?.inside?.apiServer === 'ready';
  return ready && memberOf(observation, name)?.healthy === true;
}

/** As it would be seen: it does not answer, and if it led etcd, another leads now. */
function withoutMachine(observation: Observation, name: string): Observation {
  const machines = observation.machines.map((machine) =>
    machine.name === name ? { ...machine, inside: null } : machine,
  );
  return { ...withMember(observation, name, { healthy: false, leader: false }), machines };
}
