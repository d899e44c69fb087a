import type { z } from 'zod';
import { understood } from '../util/text/understood.ts';
import { EtcdError, kindOf } from './errors.ts';
import { call, type EtcdEndpoint } from './transport.ts';
import {
  alarmReply,
  anyReply,
  type EtcdAlarm,
  type EtcdMember,
  type EtcdStatus,
  errorReply,
  healthReply,
  memberAddReply,
  memberListReply,
  rangeReply,
  statusReply,
} from './wire.ts';

export interface CallOptions {
  /** Default 5,000 for questions, 10,000 for changes (etcd itself gives up after about 7 s). */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** etcd's API on one member. Ids are uint64 in decimal, as strings. Every call throws {@link EtcdError}. */
export interface EtcdClient {
  /** The replica whose member this is. */
  readonly member: string;
  /** Linearizable unless told otherwise; else the member's own, perhaps stale, list. */
  memberList(options?: CallOptions & { readonly linearizable?: boolean }): Promise<readonly EtcdMember[]>;
  memberAddLearner(peerUrls: readonly string[], options?: CallOptions): Promise<EtcdMember>;
  memberPromote(id: string, options?: CallOptions): Promise<void>;
  memberRemove(id: string, options?: CallOptions): Promise<void>;
  /** Only the leader can be asked (`not-leader`). Resolves when the new leader is elected. */
  moveLeader(targetId: string, options?: CallOptions): Promise<void>;
  /** What the member itself knows; answered without a quorum. */
  status(options?: CallOptions): Promise<EtcdStatus>;
  /** Whether a linearizable read succeeds; never throws but for an abort. */
  health(options?: CallOptions): Promise<{ readonly healthy: boolean; readonly reason: string }>;
  /** Bytes that this member has received of each other one, by id, since it started. */
  receivedFrom(options?: CallOptions): Promise<ReadonlyMap<string, number>>;
  /** Forgets what was before `revision`, and waits until its space can be used again. One that is compacted already is no error. */
  compact(revision: string, options?: CallOptions): Promise<void>;
  /** Gives free space of this member back to its disk. It serves nothing meanwhile. Default time limit: a minute. */
  defragment(options?: CallOptions): Promise<void>;
  /** Takes one alarm of one member back: etcd knows no other way. */
  disarm(alarm: EtcdAlarm, options?: CallOptions): Promise<void>;
  /** Keys from `from` on, before `to`, in their order, with their values: at most `limit`. */
  range(
    keys: { readonly from: string; readonly to: string; readonly limit: number },
    options?: CallOptions,
  ): Promise<readonly { readonly key: string; readonly value: Buffer }[]>;
  /** All alarms of the cluster; goes through raft. */
  alarms(options?: CallOptions): Promise<readonly EtcdAlarm[]>;
}

const QUESTION_MS = 5_000;
const CHANGE_MS = 10_000;
/** Works through all that a member has on its disk. */
const UPKEEP_MS = 60_000;
/** Of a refusal: no sentence of etcd's is longer. */
const MOST_WORDS = 500;

/** A client over etcd's JSON gateway (`/v3/…`, on the client port since 3.4). It holds no connection and needs no closing. */
export function etcdClient(endpoint: EtcdEndpoint): EtcdClient {
  async function ask<T extends z.ZodType>(
    reply: T,
    path: string,
    body: object,
    doing: string,
    options: CallOptions | undefined,
    timeoutMs: number,
  ): Promise<z.output<T>> {
    const answer = await call(endpoint, {
      method: 'POST',
      path: `/v3/${path}`,
      body: JSON.stringify(body),
      doing,
      timeoutMs: options?.timeoutMs ?? timeoutMs,
      signal: options?.signal,
    });
    const json = parse(answer.text);
    if (answer.status !== 200) {
      const refusal = errorReply.safeParse(json);
      const words =
        (refusal.success && (refusal.data.message ?? refusal.data.error)) || `HTTP ${answer.status}`;
      throw new EtcdError(kindOf(words), endpoint.member, doing, words.slice(0, MOST_WORDS));
    }
    return understood(reply, json, (how) => {
      const words = `an answer of another form than haup knows: ${how}`;
      return new EtcdError('other', endpoint.member, doing, words);
    });
  }

  return {
    member: endpoint.member,
    async memberList(options) {
      const linearizable = options?.linearizable ?? true;
      const doing = 'list the members';
      const reply = await ask(
        memberListReply,
        'cluster/member/list',
        { linearizable },
        doing,
        options,
        QUESTION_MS,
      );
      return reply.members;
    },
    async memberAddLearner(peerUrls, options) {
      const body = { peerURLs: peerUrls, isLearner: true };
      const doing = `add the learner ${peerUrls.join(',')}`;
      return (await ask(memberAddReply, 'cluster/member/add', body, doing, options, CHANGE_MS)).member;
    },
    async memberPromote(id, options) {
      await ask(anyReply, 'cluster/member/promote', { ID: id }, `promote member ${id}`, options, CHANGE_MS);
    },
    async memberRemove(id, options) {
      await ask(anyReply, 'cluster/member/remove', { ID: id }, `remove member ${id}`, options, CHANGE_MS);
    },
    async moveLeader(targetID, options) {
      const doing = `move leadership to member ${targetID}`;
      await ask(anyReply, 'maintenance/transfer-leadership', { targetID }, doing, options, CHANGE_MS);
    },
    status: (options) => ask(statusReply, 'maintenance/status', {}, 'read its status', options, QUESTION_MS),
    async compact(revision, options) {
      try {
        const body = { revision, physical: true };
        await ask(anyReply, 'kv/compaction', body, `compact to ${revision}`, options, UPKEEP_MS);
      } catch (error) {
        if (!(error instanceof EtcdError) || !error.words.includes('has been compacted')) throw error;
      }
    },
    async defragment(options) {
      await ask(anyReply, 'maintenance/defragment', {}, 'defragment', options, UPKEEP_MS);
    },
    async disarm({ memberId, alarm }, options) {
      const body = { action: 'DEACTIVATE', memberID: memberId, alarm };
      await ask(anyReply, 'maintenance/alarm', body, 'take the alarm back', options, CHANGE_MS);
    },
    async range({ from, to, limit }, options) {
      const body = { key: base64(from), range_end: base64(to), limit };
      const { kvs } = await ask(rangeReply, 'kv/range', body, `read ${from}`, options, UPKEEP_MS);
      return kvs;
    },
    alarms: (options) =>
      ask(alarmReply, 'maintenance/alarm', { action: 'GET' }, 'list the alarms', options, QUESTION_MS),
    health: (options) => health(endpoint, options),
    receivedFrom: (options) => receivedFrom(endpoint, options),
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

async function health(endpoint: EtcdEndpoint, options: CallOptions = {}) {
  try {
    const answer = await call(endpoint, {
      method: 'GET',
      path: '/health',
      doing: 'read its health',
      timeoutMs: options.timeoutMs ?? QUESTION_MS,
      signal: options.signal,
    });
    const reply = healthReply.safeParse(parse(answer.text));
    if (!reply.success) return { healthy: false, reason: `HTTP ${answer.status}` };
    return { healthy: reply.data.health === 'true', reason: reply.data.reason };
  } catch (error) {
    if (!(error instanceof EtcdError)) throw error;
    return { healthy: false, reason: error.words };
  }
}

const RECEIVED = /^etcd_network_peer_received_bytes_total\{From="([0-9a-f]+)"\} (\S+)$/gm;

/** Every member says it, after what it says of its peers: without this line they are not its metrics, or not all of them. */
const WHOLE = /^etcd_server_has_leader [01]$/m;

/** From its metrics, which the client port has too. (`etcd_network_active_peers` goes on saying 1 of a peer that is frozen.) */
async function receivedFrom(
  endpoint: EtcdEndpoint,
  options: CallOptions = {},
): Promise<ReadonlyMap<string, number>> {
  const doing = 'read its metrics';
  const { timeoutMs = QUESTION_MS, signal } = options;
  const answer = await call(endpoint, { method: 'GET', path: '/metrics', doing, timeoutMs, signal });
  if (answer.status !== 200) throw new EtcdError('other', endpoint.member, doing, `HTTP ${answer.status}`);
  if (!WHOLE.test(answer.text))
    throw new EtcdError('other', endpoint.member, doing, 'an answer of another form than haup knows');
  return new Map(
    [...answer.text.matchAll(RECEIVED)].map(([, hex, bytes]) => [String(BigInt(`0x${hex}`)), Number(bytes)]),
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
