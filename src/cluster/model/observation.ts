import type { ApiAddress, BalancerState } from '../../providers/provider.ts';
import type { Inside } from '../../replicas/revision/inspect.ts';
import type { WantedRevision } from '../../replicas/revision/revision.ts';
import type { SeenMachine } from './machine.ts';
import { type NodesObservation, noNodes } from './nodes.ts';
import type { Remembered } from './remembered.ts';

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
  /**
   * Nobody could ask it, and nothing else says that it is gone: its health is unknown, and `healthy` is false only because
   * nobody may count on it. Such a member is never called dead.
   */
  readonly unseen?: boolean | undefined;
  /** It answers and follows the leader, and is not healthy for what it has not applied yet, or has wrong: ill, not lost. */
  readonly lags?: boolean | undefined;
  readonly leader: boolean;
  /** Bytes of its database on disk, and how many of them hold anything. Absent: it did not say. */
  readonly database?: { readonly bytes: number; readonly inUse: number } | undefined;
}

export interface EtcdObservation {
  /** The list was read linearizably from a member that has a leader. Otherwise `members` is the last known. */
  readonly readable: boolean;
  readonly members: readonly MemberObservation[];
  /**
   * What is known of a quorum while `readable` is false. `held`: a read that needs one succeeded through the API address, so
   * haup's sight is what fails. `unknown`: neither that nor the opposite. `lost`, or absent: a member says that it has no
   * leader, or a majority is known to be down.
   */
  readonly quorum?: 'held' | 'unknown' | 'lost' | undefined;
  /**
   * `NOSPACE`: etcd only reads. `CORRUPT`: the member's data differs from the others'. `member` as in `members`. While `readable` is false,
   * those that members tell who answer; absent: none of them tells of any.
   */
  readonly alarms?: readonly { readonly member: string; readonly alarm: string }[] | undefined;
}

/** A machine of the role `master`. */
export type MachineObservation = SeenMachine<Inside>;

/** What is: read from the cloud, from etcd and from the machines, with what is remembered. Plain data, so that it can be simulated. */
export interface Observation {
  readonly network: boolean;
  readonly address: ApiAddress | null;
  readonly balancer: BalancerState | null;
  /** Of the role `master`. */
  readonly machines: readonly MachineObservation[];
  readonly etcd: EtcdObservation;
  readonly nodes: NodesObservation;
  /** What is not seen. */
  readonly remembered: Remembered;
  /** Of the store that this was seen with. */
  readonly storeRevision: number;
  /** In a plan: the survivor of a rescue has become a cluster of one. Really, the spec's wish is gone by then. */
  readonly rescued?: boolean | undefined;
  /** In a plan: all replicas have what the spec's change is about. Really, the change is gone from the spec by then. */
  readonly changed?: boolean | undefined;
  /** What admission would not let through of what the control plane itself writes, each with the API server's words. */
  readonly refusedWrites?: readonly string[] | undefined;
  /** What each replica should be, by name: what this haup would make of the spec and the store's secrets. Absent: nobody asked. */
  readonly wanted?: Readonly<Record<string, WantedRevision>> | undefined;
}

export const nothing: Observation = {
  network: false,
  address: null,
  balancer: null,
  machines: [],
  etcd: { readable: false, members: [] },
  nodes: noNodes,
  remembered: { bootstrapped: false, networkDeleted: false },
  storeRevision: 0,
};

/** A member that is known not to do its part. One that could not be seen is none. */
export function isDead(member: MemberObservation): boolean {
  return !member.healthy && !member.unseen;
}

/** A dead member that does not even answer: one that lags is ill, and no reason to give it up. */
export function isLost(member: MemberObservation): boolean {
  return isDead(member) && !member.lags;
}

export function machineOf(observation: Observation, name: string): MachineObservation | undefined {
  return observation.machines.find((machine) => machine.name === name);
}

export function memberOf(observation: Observation, name: string): MemberObservation | undefined {
  return observation.etcd.members.find((member) => member.name === name);
}
