import type { ApiClient } from '../../kubernetes/client.ts';
import { waitFor } from '../../util/wait.ts';
import { countUp } from './counter.ts';
import { keptAlive } from './kept-alive.ts';
import { growKeySet } from './key-set.ts';
import { ask, newConnections, type Sample } from './load.ts';

/** Who uses the API during a drill. */
export const clientNames = ['reads', 'writes', 'kept-alive', 'watch'] as const;

export type ClientName = (typeof clientNames)[number];

/** What the clients met, and what is wrong with it. */
export interface ClientRecords {
  /** Of `watch`: from the write of a key until the watch heard of it. */
  readonly samples: Readonly<Record<ClientName, readonly Sample[]>>;
  /** What no linearizable store may do; empty: nothing. */
  readonly violations: readonly string[];
  /** Acknowledged writes that the watch never heard of. */
  readonly unheard: number;
  readonly acknowledged: number;
}

export interface Clients {
  /** Resolves when reads and writes begun from now on have all succeeded for a while. */
  calm(signal: AbortSignal): Promise<void>;
  stop(): Promise<ClientRecords>;
}

const READS_HZ = 20;
const WRITES_HZ = 10;
/** Of a set that grows for minutes. */
const LISTINGS_HZ = 0.2;
/** Longer than any of them is waited for: only where this host itself does not keep up. */
const UNANSWERED_SECONDS = 6;
/** What kubelets of haup's nodes are set to: after this a silent connection is taken for dead. */
const QUIET_MS = 8000;
const CALM_READS = 25;
const CALM_WRITES = 15;
const CALM_WITHIN_MS = 180_000;
const PREPARE_MS = 20_000;

/**
 * Clients that know no mercy: reads and writes each on a connection of its own, begun on time whatever became of the last; one on a
 * kept-alive connection; a watch; workers that count by compare-and-swap. Everything is written into `namespace`, which is made.
 */
export async function startClients(api: ApiClient, namespace: string): Promise<Clients> {
  await makeNamespace(api, namespace);
  const folder = `/api/v1/namespaces/${namespace}/configmaps`;
  const [counter, keys] = await Promise.all([
    countUp(api, folder, 'counter'),
    growKeySet(api, folder, 'key', {
      hz: WRITES_HZ,
      listingHz: LISTINGS_HZ,
      mostUnanswered: WRITES_HZ * UNANSWERED_SECONDS,
      quietMs: QUIET_MS,
    }),
  ]);
  const reads = newConnections(api, { hz: READS_HZ, mostUnanswered: READS_HZ * UNANSWERED_SECONDS });
  const path = `/api/v1/namespaces/${namespace}`;
  const kept = keptAlive(api, { small: path, large: '/api/v1/namespaces' });
  return {
    calm: (signal) => calm({ reads: reads.samples, writes: keys.writes }, signal),
    async stop() {
      const [read, connection, set, count] = await Promise.all([
        reads.stop(),
        kept.stop(),
        keys.stop(),
        counter.stop(),
      ]);
      return {
        samples: { reads: read, writes: set.writes, 'kept-alive': connection.samples, watch: set.heard },
        violations: [...set.violations, ...count.violations],
        unheard: set.unseen.length,
        acknowledged: set.acknowledged.length + count.increments,
      };
    },
  };
}

async function makeNamespace(api: ApiClient, name: string): Promise<void> {
  const body = { metadata: { name, labels: { 'app.kubernetes.io/managed-by': 'haup-drill' } } };
  await ask(api, { method: 'POST', path: '/api/v1/namespaces', body, timeoutMs: PREPARE_MS });
}

async function calm(
  { reads, writes }: { readonly reads: readonly Sample[]; readonly writes: readonly Sample[] },
  signal: AbortSignal,
): Promise<void> {
  const since = performance.now();
  const last = (samples: readonly Sample[], count: number): boolean => {
    const begun = samples.filter(({ began }) => began >= since).slice(-count);
    return begun.length === count && begun.every(({ error }) => error === null);
  };
  await waitFor(async () => (last(reads, CALM_READS) && last(writes, CALM_WRITES)) || undefined, {
    what: "the drill's clients to be answered without a miss",
    timeoutMs: CALM_WITHIN_MS,
    maxIntervalMs: 200,
    signal,
  });
}
