import type { EtcdClient } from '../../etcd/client.ts';
import { type EtcdSummary, type ObservedMember, observe } from '../../etcd/observe.ts';
import { systemClock } from '../../util/clock.ts';
import type { EtcdObservation, MachineObservation, MemberObservation } from '../model/observation.ts';

/** An election takes 1 to 2 s: a cluster that has a majority is given the time to find its leader. */
const PATIENCE_MS = 8000;
/** etcd's members notice after 5 s that one of them has fallen silent (its read timeout); haup's own look takes 3. */
const PEERS_NOTICE_MS = 4000;
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

/** Members that did not answer are dead only if their machine says so, or if the leader has lost them too. */
async function withPeers(summary: EtcdSummary, asked: MembersAsked): Promise<EtcdObservation> {
  const { machines, clientOf, timeoutMs, signal } = asked;
  const name = (member: ObservedMember): string => named(member, machines).name;
  const silent = summary.members.filter(
    (member) => member.replica === null && member.started && !isDown(name(member), machines),
  );
  const witness = summary.members.find((m) => m.isLeader && m.replica !== null);
  const until = Date.now() + PEERS_NOTICE_MS;
  let alive = silent.map((member) => member.id);
  while (alive.length > 0 && witness) {
    const active = await clientOf(witness.replica!)
      .activePeers({ timeoutMs, signal })
      .catch(() => null);
    signal.throwIfAborted();
    if (!active) break;
    alive = alive.filter((id) => active.has(id));
    if (Date.now() > until) break;
    if (alive.length > 0) await systemClock.sleep(LOOK_AGAIN_MS, signal);
  }
  const unseen = new Set(alive);
  return {
    readable: true,
    members: summary.members.map((member) => {
      const seen = { ...named(member, machines), healthy: member.healthy, leader: member.isLeader };
      return unseen.has(member.id) ? { ...seen, unseen: true } : seen;
    }),
  };
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
    name: member.name || owner?.name || `member-${member.id}`,
    learner: member.isLearner,
    started: member.started,
    healthy: false,
    leader: false,
  };
}
