import type { Inside } from '../../replicas/revision/inspect.ts';
import {
  type MachineObservation,
  type MemberObservation,
  machineOf,
  memberOf,
  type Observation,
} from '../model/observation.ts';
import { type ClusterSpec, wanted } from '../model/spec.ts';
import type { Policy } from './decision.ts';

/** One name, with everything that is known under it. */
export interface Replica {
  readonly name: string;
  /** The spec wants it; otherwise it is an orphan that is to leave. */
  readonly wanted: boolean;
  readonly zone: string;
  readonly machine: MachineObservation | undefined;
  readonly member: MemberObservation | undefined;
  /** Null when there is no machine, or it does not answer. */
  readonly inside: Inside | null;
}

/** The spec and the observation side by side: what every rule looks at. */
export interface View {
  readonly spec: ClusterSpec;
  readonly observation: Observation;
  readonly policy: Policy;
  readonly replicas: readonly Replica[];
  readonly orphans: readonly Replica[];
  /** Wanted replicas that etcd does not list yet. */
  readonly joiners: readonly Replica[];
}

export function view(spec: ClusterSpec, observation: Observation, policy: Policy): View {
  const names = new Set([
    ...spec.replicas.map((replica) => replica.name),
    ...observation.machines.map((machine) => machine.name),
    ...observation.etcd.members.map((member) => member.name),
  ]);
  const all = [...names].map((name): Replica => {
    const machine = machineOf(observation, name);
    const want = wanted(spec, name);
    return {
      name,
      wanted: want !== undefined,
      zone: want?.zone ?? machine?.zone ?? '',
      machine,
      member: memberOf(observation, name),
      inside: machine?.state === 'running' ? machine.inside : null,
    };
  });
  const replicas = all.filter((replica) => replica.wanted);
  // An etcd that exists has members: an empty list only says that nobody could be asked.
  const membersAreUnknown = observation.remembered.bootstrapped && observation.etcd.members.length === 0;
  return {
    spec,
    observation,
    policy,
    replicas,
    orphans: all.filter((replica) => !replica.wanted),
    joiners: membersAreUnknown ? [] : replicas.filter((replica) => !replica.member),
  };
}

export function isVoter(replica: Replica): boolean {
  return replica.member !== undefined && !replica.member.learner;
}

/** A voter that answers and is not behind. */
export function isHealthyVoter(replica: Replica): boolean {
  return isVoter(replica) && replica.member!.healthy;
}

/** A healthy voter whose API server is ready: what may receive the API's traffic. */
export function isServing(replica: Replica): boolean {
  return isHealthyVoter(replica) && replica.inside?.apiServer === 'ready';
}

/** The first replica of a cluster whose etcd does not exist yet. */
export function founder(v: View): Replica | undefined {
  return v.observation.remembered.bootstrapped ? undefined : v.replicas[0];
}
