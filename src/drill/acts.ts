import type { Blow, Wound } from '../cluster/model/drill.ts';
import { type MemberObservation, machineOf, type Observation } from '../cluster/model/observation.ts';
import { survives } from './survives.ts';

/** In the order in which they are played: from what is the least to what is the most. */
export const actNames = [
  'api-server',
  'follower-power',
  'leader-power',
  'reset',
  'freeze',
  'isolation',
  'zone',
  'balancer',
] as const;

export type ActName = (typeof actNames)[number];

/** One thing that goes wrong: what it is called, what is done, and to whom. */
export interface Act {
  /** What happens, as a sentence about whom it hits. */
  readonly tell: (victims: string) => string;
  readonly blow: Blow;
  /** For how long it lasts, where that is nobody's choice. Absent: as long as is asked for. */
  readonly holdMs?: number;
  /** Whom it hits; empty: there is nobody. Null stands for the balancer. */
  readonly aim: (observation: Observation) => readonly (string | null)[];
}

export const acts: Readonly<Record<ActName, Act>> = {
  'api-server': {
    tell: (victims) => `the API server of ${victims} is killed`,
    blow: 'kill-api-server',
    // systemd starts it again after half a second: that is part of what is tried, and nobody is to be quicker.
    holdMs: 3000,
    aim: leader,
  },
  'follower-power': { tell: (victims) => `${victims} loses its power`, blow: 'power-off', aim: follower },
  'leader-power': {
    tell: (victims) => `${victims}, which leads etcd, loses its power`,
    blow: 'power-off',
    aim: leader,
  },
  // It comes back by itself, and before anybody has found out that it was away: its peers meet who they know, with an empty memory.
  reset: { tell: (victims) => `${victims}, which leads etcd, is reset`, blow: 'reset', aim: leader },
  // A hung machine goes on accepting connections, and the leader is the worst that can hang.
  freeze: { tell: (victims) => `${victims}, which leads etcd, hangs`, blow: 'freeze', aim: leader },
  isolation: {
    tell: (victims) => `${victims} is cut off from the network`,
    blow: 'isolate',
    aim: follower,
  },
  zone: { tell: (victims) => `the zone of ${victims} loses its power`, blow: 'power-off', aim: wholeZone },
  balancer: {
    tell: (victims) => `${victims} ends`,
    blow: 'kill-balancer',
    // There is one, and nobody but haup starts it again: clients wait for as long as that takes.
    holdMs: 0,
    aim: balancerItself,
  },
};

export function woundsOf(act: Act, observation: Observation): Wound[] {
  return act.aim(observation).map((machine) => ({ blow: act.blow, machine }));
}

function voters({ etcd }: Observation): readonly MemberObservation[] {
  return etcd.members.filter((member) => !member.learner && member.healthy);
}

function leader(observation: Observation): readonly string[] {
  return voters(observation)
    .filter((member) => member.leader)
    .map(({ name }) => name);
}

/** The last: the first replica is the one that most hangs on by habit. */
function follower(observation: Observation): readonly string[] {
  const name = voters(observation)
    .filter((member) => !member.leader)
    .map((member) => member.name)
    .sort()
    .at(-1);
  return name === undefined ? [] : [name];
}

/**
 * The leader's zone if the cluster can do without it, else one that it can do without, else the leader's all the same: to be refused. Its
 * nodes go with it.
 */
function wholeZone(observation: Observation): readonly string[] {
  const first = leader(observation).flatMap((name) => machineOf(observation, name)?.zone ?? []);
  const others = observation.machines.map(({ zone }) => zone).sort();
  const zones = [...new Set([...first, ...others])];
  const inZone = (zone: string): string[] =>
    [...observation.machines, ...observation.nodes.machines]
      .filter((machine) => machine.zone === zone)
      .map(({ name }) => name);
  const wounds = (zone: string): Wound[] => inZone(zone).map((machine) => ({ blow: 'power-off', machine }));
  const chosen = zones.find((zone) => survives(observation, wounds(zone)).reason === null) ?? zones[0];
  return chosen === undefined ? [] : inZone(chosen);
}

function balancerItself({ balancer }: Observation): readonly null[] {
  return balancer ? [null] : [];
}
