import type { EtcdClient } from '../../etcd/client.ts';
import { type EtcdSummary, type ObservedMember, observe } from '../../etcd/observe.ts';
import { systemClock } from '../../util/clock.ts';
import { REPLICA_NAME } from '../model/names.ts';
import {
  type EtcdObservation,
  isDead,
  type MachineObservation,
  type MemberObservation,
} from '../model/observation.ts';

/** An election takes 1 to 2 s: a cluster that has a majority is given the time to find its leader. */
const PATIENCE_MS = 8000;
/** A member that lives answers its leader's heartbeat ten times a second. */
const SILENT_MS = 3000;
const LOOK_AGAIN_MS = 500;

export interface MembersAsked {
  readonly machines: readonly MachineObservation[];
  readonly before: EtcdObservation;
  readonly clientOf: (replica: string) => EtcdClient;
  /** For a question to one member. */
  readonly timeoutMs: number;
  /** Whether a read that needs a quorum succeeds at the API address. */
  readonly reads: () => Promise<boolean>;
  readonly signal: AbortSignal;
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
  const summary = await observe(endpoints, { patienceMs: PATIENCE_MS, timeoutMs, signal });
  if (summary.readable) return { ...(await withPeers(summary, asked)), ...alarmsOf(summary, machines) };
  const known =
    summary.members.length > 0 ? summary.members.map((member) => named(member, machines)) : before.members;
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
  };
}

/** Members that did not answer are dead only if their machine says so, or if the leader does not hear of them either. */
async function withPeers(summary: EtcdSummary, asked: MembersAsked): Promise<EtcdObservation> {
  const { machines, before, clientOf } = asked;
  // Found dead by the last look, and it still does not answer: nobody waits for that again.
  const found = before.readable ? before.members.filter(isDead).map(({ id }) => id) : [];
  const name = (member: ObservedMember): string => named(member, machines).name;
  const silent = summary.members.filter(
    (member) =>
      member.replica === null &&
      member.started &&
      !found.includes(member.id) &&
      !isDown(name(member), machines),
  );
  const witness = summary.members.find((m) => m.isLeader && m.replica !== null);
  const alive = witness ? await heardBy(clientOf(witness.replica!), silent, asked) : silent;
  const unseen = new Set(alive.map((member) => member.id));
  return {
    readable: true,
    members: summary.members.map((member) => {
      const seen = { ...named(member, machines), healthy: member.healthy, leader: member.isLeader };
      return unseen.has(member.id) ? { ...seen, unseen: true } : seen;
    }),
  };
}

/** Those of whom the leader hears within a few seconds; all of them, if it cannot be asked. */
async function heardBy(
  leader: EtcdClient,
  members: readonly ObservedMember[],
  { timeoutMs, signal }: MembersAsked,
): Promise<readonly ObservedMember[]> {
  if (members.length === 0) return [];
  const ask = () => leader.receivedFrom({ timeoutMs, signal }).catch(() => null);
  const before = await ask();
  const until = Date.now() + SILENT_MS;
  let silent = members;
  while (silent.length > 0) {
    await systemClock.sleep(LOOK_AGAIN_MS, signal);
    const now = await ask();
    signal.throwIfAborted();
    if (!before || !now) return members;
    silent = silent.filter(({ id }) => (now.get(id) ?? 0) <= (before.get(id) ?? 0));
    if (Date.now() > until) break;
  }
  return members.filter((member) => !silent.includes(member));
}

function alarmsOf(
  summary: EtcdSummary,
  machines: readonly MachineObservation[],
): Pick<EtcdObservation, 'alarms'> {
  if (summary.alarms.length === 0) return {};
  return {
    alarms: summary.alarms.map(({ memberId, alarm }) => {
      const member = summary.members.find(({ id }) => id === memberId);
      return { member: member ? named(member, machines).name : `member-${memberId}`, alarm };
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

function named(member: ObservedMember, machines: readonly MachineObservation[]): MemberObservation {
  const owner = machines.find((machine) => member.peerUrls.includes(`https://${machine.internalIp}:2380`));
  return {
    id: member.id,
    name: memberName(member, owner?.name),
    learner: member.isLearner,
    started: member.started,
    healthy: false,
    leader: false,
  };
}

/** What is no replica's name is nobody's: it would go into commands and onto screens. */
export function memberName(member: Pick<ObservedMember, 'id' | 'name'>, owner?: string): string {
  return REPLICA_NAME.test(member.name) ? member.name : (owner ?? `member-${member.id}`);
}
