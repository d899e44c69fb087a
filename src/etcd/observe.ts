import { type Clock, systemClock } from '../util/clock.ts';
import type { EtcdClient } from './client.ts';
import type { EtcdAlarm, EtcdMember, EtcdStatus } from './wire.ts';

/** One member, as the list and its own answer describe it. */
export interface ObservedMember {
  readonly id: string;
  /** Empty until the member has started once. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
  /** Has joined the raft group once. */
  readonly started: boolean;
  /** Answers, has the same leader as the others, is not behind, and its data is not known to be corrupt. */
  readonly healthy: boolean;
  readonly isLeader: boolean;
  /** Answers, and has the same leader as the others. */
  readonly follows: boolean;
  /** Entries that the leader has committed and this member has not applied; null when either does not answer. */
  readonly behind: number | null;
  /** The replica through which it answered; null when it did not. */
  readonly replica: string | null;
  /** Bytes of its database on disk, and how many of them hold anything; null when it did not answer. */
  readonly database: { readonly bytes: number; readonly inUse: number } | null;
}

export interface EtcdSummary {
  /** The list was read linearizably. Otherwise `members` is the last that a member knows of: to show, never to plan from. */
  readonly readable: boolean;
  /** In id order. Empty when nobody answers. */
  readonly members: readonly ObservedMember[];
  readonly leaderId: string | null;
  readonly alarms: readonly EtcdAlarm[];
  /** A member answers and knows of no leader. */
  readonly leaderless: boolean;
}

export interface ObserveOptions {
  /** For each question; they are all asked at once. Default 2,000. */
  readonly timeoutMs?: number | undefined;
  /** Looks again for so long while a majority is asked and no leader is found: an election takes 1 to 2 s. Default 0. */
  readonly patienceMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
}

interface Answer {
  readonly replica: string;
  readonly client: EtcdClient;
  readonly status: EtcdStatus;
  readonly list: readonly EtcdMember[] | null;
}

/** Some seconds' writes of a busy control plane: the answers are not of the same instant. */
export const BEHIND = 1_000n;

/** What etcd is, asked of every replica's member at once. A member that does not answer costs `timeoutMs`, no more. */
export async function observe(
  endpoints: ReadonlyMap<string, EtcdClient>,
  options: ObserveOptions = {},
): Promise<EtcdSummary> {
  const { signal, patienceMs = 0, clock = systemClock } = options;
  const deadline = clock.now() + patienceMs;
  for (;;) {
    const answers = await askAll(endpoints, options);
    const summary = summarize(answers);
    if (summary) return summary;
    const known = await lastKnown(answers, options);
    const voters = known.members.filter((member) => !member.isLearner).length;
    // Less than a majority elects nobody, however long it is given.
    if (endpoints.size * 2 <= voters || endpoints.size === 0 || clock.now() >= deadline) return known;
    await clock.sleep(100, signal);
  }
}

async function askAll(
  endpoints: ReadonlyMap<string, EtcdClient>,
  options: ObserveOptions,
): Promise<Answer[]> {
  const call = { timeoutMs: options.timeoutMs ?? 2_000, signal: options.signal };
  const asked = [...endpoints].map(async ([replica, client]): Promise<Answer | null> => {
    const [status, list] = await Promise.all([
      client.status(call).catch(() => null),
      client.memberList({ ...call, linearizable: true }).catch(() => null),
    ]);
    return status && { replica, client, status, list };
  });
  const answers = await Promise.all(asked);
  options.signal?.throwIfAborted();
  return answers.filter((answer) => answer !== null);
}

/**
 * The summary under the leader that most members of its own list follow (the higher term decides a tie: after a
 * survivor was made a cluster of its own, the old members may still form theirs). Null when no list can be read.
 */
function summarize(answers: readonly Answer[]): EtcdSummary | null {
  const candidates = answers.flatMap((answer) =>
    answer.list && answer.status.leader !== '0'
      ? [{ term: answer.status.raftTerm, summary: judge(answer.list, answers, answer.status.leader, true) }]
      : [],
  );
  const healthy = (summary: EtcdSummary) => summary.members.filter((m) => m.healthy).length;
  candidates.sort((a, b) => healthy(b.summary) - healthy(a.summary) || (a.term < b.term ? 1 : -1));
  return candidates[0]?.summary ?? null;
}

/** From the member that has applied most. */
async function lastKnown(answers: readonly Answer[], options: ObserveOptions): Promise<EtcdSummary> {
  const call = { linearizable: false, timeoutMs: options.timeoutMs ?? 2_000, signal: options.signal };
  const newestFirst = [...answers].sort((a, b) =>
    a.status.raftAppliedIndex < b.status.raftAppliedIndex ? 1 : -1,
  );
  const lists = await Promise.all(newestFirst.map(({ client }) => client.memberList(call).catch(() => null)));
  options.signal?.throwIfAborted();
  return judge(lists.find((list) => list !== null) ?? [], answers, null, false);
}

function judge(
  list: readonly EtcdMember[],
  answers: readonly Answer[],
  leaderId: string | null,
  readable: boolean,
): EtcdSummary {
  const leader = answers.find((answer) => answer.status.memberId === leaderId);
  const alarms = unique(answers.flatMap((answer) => answer.status.alarms));
  const corrupt = new Set(alarms.filter((a) => a.alarm === 'CORRUPT').map((a) => a.memberId));
  const members = list.map(({ id, name, peerUrls, isLearner }): ObservedMember => {
    const answer = answers.find(({ status }) => status.memberId === id);
    const behind =
      answer && leader ? positive(leader.status.raftIndex - answer.status.raftAppliedIndex) : null;
    const follows = answer !== undefined && leaderId !== null && answer.status.leader === leaderId;
    return {
      id,
      name,
      peerUrls,
      isLearner,
      started: name !== '' || answer !== undefined,
      healthy: follows && (behind === null || behind <= BEHIND) && !corrupt.has(id),
      isLeader: id === leaderId,
      follows,
      behind: behind === null ? null : Number(behind),
      replica: answer?.replica ?? null,
      database: answer ? { bytes: answer.status.dbSize, inUse: answer.status.dbSizeInUse } : null,
    };
  });
  members.sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
  const leaderless = !readable && answers.some((answer) => answer.status.leader === '0');
  return { readable, members, leaderId, alarms, leaderless };
}

function positive(difference: bigint): bigint {
  return difference > 0n ? difference : 0n;
}

function unique(alarms: readonly EtcdAlarm[]): EtcdAlarm[] {
  return [...new Map(alarms.map((alarm) => [`${alarm.memberId} ${alarm.alarm}`, alarm])).values()];
}
