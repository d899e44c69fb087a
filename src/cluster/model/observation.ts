import type { ApiAddress, BalancerState, MachineState } from '../../providers/provider.ts';
import type { Inside } from '../../replicas/inspect.ts';

/** A member as etcd itself lists it. */
export interface MemberObservation {
  /** uint64 in decimal: too large for a number. */
  readonly id: string;
  /** The replica's name; `member-<id>` when it never started and its peer address belongs to no machine. */
  readonly name: string;
  readonly learner: boolean;
  /** Has joined the raft group once. */
  readonly started: boolean;
  /** Answers, has the same leader as the others, and is not behind. */
  readonly healthy: boolean;
  readonly leader: boolean;
}

export interface EtcdObservation {
  /** The list was read linearizably from a member that has a leader. Otherwise `members` is the last known. */
  readonly readable: boolean;
  readonly members: readonly MemberObservation[];
}

export interface MachineObservation {
  readonly name: string;
  readonly zone: string;
  readonly state: MachineState;
  readonly internalIp: string;
  readonly externalIp: string | null;
  /** What the machine says of itself over SSH; null when it does not answer. */
  readonly inside: Inside | null;
  /** Of a running machine that does not answer: what was met instead. */
  readonly silence?: Silence | undefined;
}

/** `other-key`: it shows another SSH host key than the one that is pinned. */
export type Silence = 'nothing' | 'no-sshd' | 'no-greeting' | 'slow' | 'no-entry' | 'other-key' | 'unknown';

/** What is: read from the cloud, from etcd and from the replicas. Plain data, so that it can be simulated. */
export interface Observation {
  /** From the spec's own memory; see {@link ClusterSpec}. */
  readonly bootstrapped: boolean;
  readonly network: boolean;
  readonly address: ApiAddress | null;
  readonly balancer: BalancerState | null;
  readonly machines: readonly MachineObservation[];
  readonly etcd: EtcdObservation;
  /** The network's deletion has run to its end in this process. */
  readonly deleted: boolean;
}

export const nothing: Observation = {
  bootstrapped: false,
  network: false,
  address: null,
  balancer: null,
  machines: [],
  etcd: { readable: false, members: [] },
  deleted: false,
};

export function machineOf(observation: Observation, name: string): MachineObservation | undefined {
  return observation.machines.find((machine) => machine.name === name);
}

export function memberOf(observation: Observation, name: string): MemberObservation | undefined {
  return observation.etcd.members.find((member) => member.name === name);
}
