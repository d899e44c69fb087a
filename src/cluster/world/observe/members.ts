import type { EtcdClient } from '../../../etcd/client.ts';
import { type EtcdSummary, type ObservedMember, observe } from '../../../etcd/observe.ts';
import { type Clock, systemClock } from '../../../util/clock.ts';
import { REPLICA_NAME } from '../../model/names.ts';
import {
  type EtcdObservation,
  isLost,
  type MachineObservation,
  type MemberObservation,
} from '../../model/observation.ts';
import { ownerOf } from '../peer-url.ts';

/** An election takes 1 to 2 s: a cluster that has a majority is given the time to find its leader. */
const PATIENCE_MS = 8000;
/** A member that lives answers its leader's heartbeat ten times a second. */
const SILENT_MS = 3000;
const LOOK_AGAIN_MS = 500;
/** For a question to one member, and on a slow machine: who has lost a majority is to be told so within ten seconds. */
const MEMBER_MS = 2000;
const SLOW_MEMBER_MS = 4000;

export interface MembersAsked {
  readonly machines: readonly MachineObservation[];
  readonly before: EtcdObservation;
  readonly clientOf: (replica: string) => EtcdClient;
  /** For a question to one member: {@link memberTimeoutMs}. */
  readonly timeoutMs: number;
  /** Whether a read that needs a quorum succeeds at the API address. */
  readonly reads: () => Promise<boolean>;
  readonly signal: AbortSignal;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
}

/**
 * etcd's members as the loop sees them: each under its replica's name, also before it has started. What haup could not ask
 * itself is asked another way, the other members or the API; what nobody can say is unknown.
 */
export async function observeMembers(asked: MembersAsked): Promise<EtcdObservation> {
  const { machines, before, clientOf, timeoutMs, signal } = asked;
  const running = machines
    .filter((machine) => machine.inside?.etcd === 'running')
    .map((machine) => machine.name);
  const endpoints = new Map(running.map((name) => [name, clientOf(name)]));
  // Where so few can be asked, the API will have to be.
  const early = running.length * 2 <= machines.length ? asked.reads() : null;
  const summary = await observe(endpoints, {
    patienceMs: PATIENCE_MS,
    timeoutMs,
    signal,
    clock: asked.clock,
  });
  const known = summary.members.length > 0 ? allNamed(summary.members, machines) : before.members;
  const alarms = alarmsOf(summary, known);
  if (summary.readable) return { ...(await withPeers(summary, asked)), ...alarms };
  const voters = known.filter((member) => !member.learner).map((member) => member.name);
  const lost =
    summary.leaderless || isMajorityDown(voters.length > 0 ? voters : machines.map((m) => m.name), machines);
  const quorum = (await (early ?? asked.reads())) ? 'held' : lost ? 'lost' : 'unknown';
  signal.throwIfAborted();
  return {
    readable: false,
    quorum,
    members: known.map(({ unseen: _, ...member }) => ({
      ...member,
      healthy: false,
      leader: false,
      ...(quorum !== 'lost' && !isDown(member.name, machines) ? { unseen: true } : {}),
    })),
    ...alarms,
  };
}

/** `patienceMs`: what the slowest machine may take for a question today. */
export function memberTimeoutMs(patienceMs: number): number {
  return Math.min(SLOW_MEMBER_MS, Math.max(MEMBER_MS, patienceMs));
}

/** Members that did not answer are dead only if their machine says so, or if the leader does not hear of them either. */
async function withPeers(summary: EtcdSummary, asked: MembersAsked): Promise<EtcdObservation> {
  const { machines, before, clientOf } = asked;
  // Found lost by the last look, and it still does not answer: nobody waits for that again. Who only lagged did answer then.
  const found = before.readable ? before.members.filter(isLost).map(({ id }) => id) : [];
  const all = allNamed(summary.members, machines);
  const silent = summary.members.filter(
    (member, index) =>
      member.replica === null &&
      member.started &&
      !found.includes(member.id) &&
      // Of a member that is no replica's the cloud knows nothing: only the leader can say.
      (all[index]!.name === nobodys(member) || !isDown(all[index]!.name, machines)),
  );
  const witness = summary.members.find((m) => m.isLeader && m.replica !== null);
  const alive = witness ? await heardBy(clientOf(witness.replica!), silent, asked) : silent;
  const unseen = new Set(alive.map((member) => member.id));
  return {
    readable: true,
    members: summary.members.map((member, index) => {
      const seen = {
        ...all[index]!,
        healthy: member.healthy,
        leader: member.isLeader,
        ...(member.follows && !member.healthy ? { lags: true } : {}),
        ...(member.database ? { database: member.database } : {}),
      };
      return unseen.has(member.id) ? { ...seen, unseen: true } : seen;
    }),
  };
}

/** Those of whom the leader hears within a few seconds; all of them, if it cannot be asked. `timeoutMs`: for each question. */
export async function heardBy<M extends Pick<ObservedMember, 'id'>>(
  leader: Pick<EtcdClient, 'receivedFrom'>,
  members: readonly M[],
  {
    timeoutMs = MEMBER_MS,
    signal,
    clock = systemClock,
  }: Pick<MembersAsked, 'signal' | 'clock'> & { readonly timeoutMs?: number },
): Promise<readonly M[]> {
  if (members.length === 0) return [];
  const ask = () => leader.receivedFrom({ timeoutMs, signal }).catch(() => null);
  const before = await ask();
  const until = clock.now() + SILENT_MS;
  let silent = members;
  while (silent.length > 0) {
    await clock.sleep(LOOK_AGAIN_MS, signal);
    const now = await ask();
    signal.throwIfAborted();
    if (!before || !now) return members;
    silent = silent.filter(({ id }) => (now.get(id) ?? 0) <= (before.get(id) ?? 0));
    if (clock.now() > until) break;
  }
  return members.filter((member) => !silent.includes(member));
}

/** Each member that answers tells them by itself, also without a leader. */
function alarmsOf(
  summary: EtcdSummary,
  members: readonly MemberObservation[],
): Pick<EtcdObservation, 'alarms'> {
  if (summary.alarms.length === 0) return {};
  return {
    alarms: summary.alarms.map(({ memberId, alarm }) => {
      const member = members.find(({ id }) => id === memberId);
      return { member: member?.name ?? `member-${memberId}`, alarm };
    }),
  };
}

/** Known to be down: by the cloud, or by the machine itself. */
function isDown(name: string, machines: readonly MachineObservation[]): boolean {
  const machine = machines.find((candidate) => candidate.name === name);
  if (!machine || machine.state === 'stopped') return true;
  return machine.inside !== null && machine.inside.etcd !== 'running';
}

/** So many that the rest is no quorum. */
function isMajorityDown(voters: readonly string[], machines: readonly MachineObservation[]): boolean {
  return voters.filter((name) => isDown(name, machines)).length * 2 >= voters.length;
}

/** Each under a name of its own: of two that claim one, the member that answers from that machine, or stands there, has it. */
function allNamed(
  members: readonly ObservedMember[],
  machines: readonly MachineObservation[],
): MemberObservation[] {
  const owners = members.map((member) => replicaOf(member, machines));
  const names = members.map((member, index) => memberName(member, owners[index]));
  return members.map((member, index) => {
    const rivals = members.flatMap((_, other) => (names[other] === names[index] ? [other] : []));
    const first = rivals.find((other) => owners[other] === names[other]) ?? rivals[0];
    return {
      id: member.id,
      name: first === index ? names[index]! : nobodys(member),
      learner: member.isLearner,
      started: member.started,
      healthy: false,
      leader: false,
    };
  });
}

/** The replica on whose machine a member is: it answers from there, or has the address. */
function replicaOf(
  { replica, peerUrls }: ObservedMember,
  machines: readonly MachineObservation[],
): string | undefined {
  return replica ?? ownerOf({ machines }, peerUrls);
}

/**
 * The replica through which it answered, else the name it gives itself, else by its address: those are given again. What is no
 * replica's name is nobody's: it would go into commands and onto screens.
 */
export function memberName(
  { id, name, replica }: Pick<ObservedMember, 'id' | 'name' | 'replica'>,
  owner?: string,
): string {
  return replica ?? (REPLICA_NAME.test(name) ? name : (owner ?? nobodys({ id })));
}

function nobodys({ id }: Pick<ObservedMember, 'id'>): string {
  return `member-${id}`;
}
