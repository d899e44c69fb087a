import type { EtcdClient } from '../etcd/client.ts';
import { quorum } from '../etcd/quorum.ts';
import type { Address } from '../providers/provider.ts';
import { systemClock } from '../util/clock.ts';
import type { Moment } from './log.ts';

export interface Witness {
  /** What was seen, from first to last, each moment only if it differs from the one before. Times of `performance.now()`. */
  stop(): Promise<readonly Moment[]>;
}

export interface Witnessed {
  readonly replicas: readonly string[];
  readonly etcd: (replica: string) => Promise<EtcdClient>;
  readonly address: Pick<Address, 'read'>;
}

/** What a member said last. */
interface Word {
  readonly at: number;
  readonly id: string;
  readonly leader: string;
}

const ASK_MS = 300;
const ANSWER_MS = 2000;
/** Older words count for nothing: who does not answer, follows nobody. */
const STALE_MS = 2500;
const ADDRESS_MS = 1000;

/** Looks on: each member is asked for itself, so that one that is silent holds nobody up, and the provider for the address. */
export function startWitness({ replicas, etcd, address }: Witnessed): Witness {
  const words = new Map<string, Word>();
  const moments: Moment[] = [];
  const ended = new AbortController();
  const { signal } = ended;
  let holder: string | null = null;

  const note = (): void => {
    const at = performance.now();
    const seen = { at, ...standingOf(replicas, words, at), holder };
    const last = moments.at(-1);
    const same =
      last?.leader === seen.leader &&
      last.etcd === seen.etcd &&
      last.following === seen.following &&
      last.holder === seen.holder;
    if (!same) moments.push(seen);
  };
  const every = async (pauseMs: number, look: () => Promise<void>): Promise<void> => {
    while (!signal.aborted) {
      await look().catch(() => {});
      if (!signal.aborted) note();
      await systemClock.sleep(pauseMs, signal).catch(() => {});
    }
  };
  const ask = async (replica: string): Promise<void> => {
    const client = await etcd(replica);
    const { memberId, leader } = await client.status({ timeoutMs: ANSWER_MS, signal });
    words.set(replica, { at: performance.now(), id: memberId, leader });
  };
  const readHolder = async (): Promise<void> => {
    const read = await address.read().catch(() => undefined);
    if (read === undefined) holder = null;
    else holder = read?.holder.kind === 'machine' ? read.holder.name : (read?.holder.kind ?? 'nobody');
  };
  const loops = [
    ...replicas.map((replica) => every(ASK_MS, () => ask(replica))),
    every(ADDRESS_MS, readHolder),
  ];
  return {
    async stop() {
      ended.abort();
      await Promise.all(loops);
      return moments;
    },
  };
}

/** Who leads, by a majority's word, and how many follow. Pure. */
function standingOf(
  replicas: readonly string[],
  words: ReadonlyMap<string, Word>,
  now: number,
): Pick<Moment, 'leader' | 'etcd' | 'following'> {
  const fresh = [...words.values()].filter(({ at }) => now - at < STALE_MS);
  const camps = [...new Set(fresh.map(({ leader }) => leader))].filter((id) => id !== '0');
  const following = (id: string): number => fresh.filter(({ leader }) => leader === id).length;
  const [most] = camps.sort((a, b) => following(b) - following(a));
  const count = most === undefined ? 0 : following(most);
  if (count >= quorum(replicas.length)) {
    const leader = [...words].find(([, { id }]) => id === most)?.[0] ?? null;
    return { leader, etcd: 'led', following: count };
  }
  const leaderless = fresh.some(({ leader }) => leader === '0');
  return { leader: null, etcd: leaderless ? 'leaderless' : 'unseen', following: count };
}
