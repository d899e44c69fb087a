import { systemClock } from '../util/clock.ts';
import { TimeoutError } from '../util/wait.ts';
import type { EtcdClient } from './client.ts';
import { EtcdError, type EtcdErrorKind } from './errors.ts';
import type { EtcdMember } from './wire.ts';

export interface MembershipOptions {
  /** Default 30,000: etcd's own rules make a change wait 5 s, an election another 2. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What is being waited for, whenever that changes. */
  readonly progress?: ((message: string) => void) | undefined;
}

/** Kinds after which the same question makes sense again; what is being waited for then. */
const PASSING: Partial<Record<EtcdErrorKind, string>> = {
  'unhealthy-cluster': 'etcd allows a change only when its voters have been connected for 5 s',
  'learner-not-ready': 'the learner has not caught up yet',
  'no-leader': 'etcd is electing a leader',
  timeout: 'etcd does not answer in time',
  unreachable: 'the connection to etcd broke',
};
/**
 * `member-not-found`: an id is a hash of address and second, so an address that is added again in the second in which it
 * was added and removed gets the id of the removed member, which etcd refuses.
 */
const AGAIN_ON_ADD: ReadonlySet<EtcdErrorKind> = new Set(['peer-exists', 'member-not-found']);
/** A member that cannot be reached for so long is gone: the caller looks again and asks another. */
const UNREACHABLE_MS = 5_000;
const PAUSE_MS = 100;
const MAX_PAUSE_MS = 500;

/**
 * The member with this peer address, added as a learner unless it exists. A reply that is lost is no harm: the list
 * says whether the change was made.
 * @throws EtcdError `too-many-learners` (an unfinished one stands in the way), `unreachable`, `other`; TimeoutError
 */
export function addLearner(
  client: EtcdClient,
  peerUrl: string,
  options: MembershipOptions = {},
): Promise<EtcdMember> {
  return retryUntilDone(`etcd to accept the learner ${peerUrl}`, options, async (signal) => {
    const existing = (await client.memberList({ signal })).find((m) => m.peerUrls.includes(peerUrl));
    if (existing) return existing;
    try {
      return await client.memberAddLearner([peerUrl], { signal });
    } catch (error) {
      if (error instanceof EtcdError && AGAIN_ON_ADD.has(error.kind)) return undefined;
      throw error;
    }
  });
}

/**
 * Makes a learner a voter, as soon as it has caught up. A voter is left as it is.
 * @throws EtcdError `member-not-found`, `unreachable`, `other`; TimeoutError when it does not catch up.
 */
export async function promote(
  client: EtcdClient,
  id: string,
  options: MembershipOptions = {},
): Promise<void> {
  await retryUntilDone(`etcd to promote member ${id}`, options, async (signal) => {
    const member = (await client.memberList({ signal })).find((m) => m.id === id);
    if (member && !member.isLearner) return true;
    try {
      await client.memberPromote(id, { signal });
      return true;
    } catch (error) {
      if (error instanceof EtcdError && error.kind === 'not-a-learner') return true;
      throw error;
    }
  });
}

/**
 * Removes a member; one that is not there is removed. Ask another member than the one that leaves: its reply may be
 * lost with it.
 * @throws EtcdError `unreachable`, `other`; TimeoutError
 */
export async function remove(client: EtcdClient, id: string, options: MembershipOptions = {}): Promise<void> {
  await retryUntilDone(`etcd to remove member ${id}`, options, async (signal) => {
    if (!(await client.memberList({ signal })).some((m) => m.id === id)) return true;
    try {
      await client.memberRemove(id, { signal });
      return true;
    } catch (error) {
      if (error instanceof EtcdError && error.kind === 'member-not-found') return true;
      throw error;
    }
  });
}

/**
 * Moves leadership away from the client's own member to `targetId`, a healthy voter. Nothing is done when the member
 * does not lead.
 * @throws EtcdError `unreachable`, `other`; TimeoutError
 */
export async function moveLeader(
  client: EtcdClient,
  targetId: string,
  options: MembershipOptions = {},
): Promise<void> {
  await retryUntilDone(`etcd's leadership to move to member ${targetId}`, options, async (signal) => {
    const { leader, memberId } = await client.status({ signal });
    if (leader === '0') throw new EtcdError('no-leader', client.member, 'move leadership', 'no leader');
    if (leader !== memberId) return true;
    try {
      await client.moveLeader(targetId, { signal });
    } catch (error) {
      if (error instanceof EtcdError && error.kind === 'not-leader') return undefined;
      throw error;
    }
    return undefined; // looks again: leadership is moved when the member itself says so
  });
}

/** Repeats `attempt` until it returns something, past the kinds of errors that pass. */
async function retryUntilDone<T>(
  what: string,
  options: MembershipOptions,
  attempt: (signal: AbortSignal | undefined) => Promise<T | undefined>,
): Promise<T> {
  const { signal, progress, timeoutMs = 30_000 } = options;
  const started = Date.now();
  let unreachableSince: number | undefined;
  let told: string | undefined;
  let last: EtcdError | undefined;
  for (let pause = PAUSE_MS; ; pause = Math.min(pause * 1.5, MAX_PAUSE_MS)) {
    signal?.throwIfAborted();
    try {
      const value = await attempt(signal);
      if (value !== undefined) return value;
      unreachableSince = undefined;
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      const reason = PASSING[error.kind];
      if (!reason) throw error;
      last = error;
      unreachableSince = error.kind === 'unreachable' ? (unreachableSince ?? Date.now()) : undefined;
      if (unreachableSince !== undefined && Date.now() - unreachableSince > UNREACHABLE_MS) throw error;
      if (reason !== told) progress?.(reason);
      told = reason;
    }
    if (Date.now() + pause - started > timeoutMs) throw new TimeoutError(what, timeoutMs, last);
    await systemClock.sleep(pause, signal);
  }
}
