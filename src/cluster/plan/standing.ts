import { failuresTolerated, quorum } from '../../etcd/quorum.ts';
import { machineOf, type Observation } from '../model/observation.ts';

/** How safe etcd is now: shown before and after each step of a plan. */
export interface Standing {
  readonly voters: number;
  readonly learners: number;
  readonly quorum: number;
  /** Healthy voters. */
  readonly healthy: number;
  /** How many more voters may fail; 0 when there is no quorum either. */
  readonly failuresTolerated: number;
  readonly hasQuorum: boolean;
  /** Writes go on after the loss of any one machine that is there now / of all machines of any one zone. */
  readonly survivesAnyMachine: boolean;
  readonly survivesAnyZone: boolean;
}

export function standing(observation: Observation): Standing {
  const voters = observation.etcd.members.filter((member) => !member.learner);
  const healthy = observation.etcd.readable ? voters.filter((member) => member.healthy) : [];
  // Of no voters it is one, which none is.
  const needed = quorum(voters.length);
  const perZone = new Map<string, number>();
  for (const member of healthy) {
    const zone = machineOf(observation, member.name)?.zone ?? '';
    perZone.set(zone, (perZone.get(zone) ?? 0) + 1);
  }
  const worstZone = Math.max(0, ...perZone.values());
  return {
    voters: voters.length,
    learners: observation.etcd.members.length - voters.length,
    quorum: needed,
    healthy: healthy.length,
    failuresTolerated: failuresTolerated(voters.length, healthy.length),
    hasQuorum: healthy.length >= needed,
    survivesAnyMachine: healthy.length - 1 >= needed,
    survivesAnyZone: healthy.length - worstZone >= needed,
  };
}
