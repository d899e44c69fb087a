import type { ApiClient } from '../../kubernetes/client.ts';
import { waitFor } from '../../util/wait.ts';
import { countUp } from './counter.ts';
import { keptAlive } from './kept-alive.ts';
import { growKeySet } from './key-set.ts';
import { ask, newConnections, type Sample } from './load.ts';
import type { PerClient } from './names.ts';
import { askWorkload, type Workload, workloadAddress } from './workload.ts';

/** What the clients met, and what is wrong with it. */
export interface ClientRecords {
  /** Of `watch`: from the write of a key until the watch heard of it. */
  readonly samples: PerClient<readonly Sample[]>;
  /** Whom `workload` has asked; null: there is no such client. */
  readonly workload: string | null;
  /** What no linearizable store may do; empty: nothing. */
  readonly violations: readonly string[];
  /** Acknowledged writes that the watch never heard of. */
  readonly unheard: number;
  readonly acknowledged: number;
}

export interface Clients {
  /**
   * Resolves when reads, writes and what is asked of the workload, begun from now on, have all succeeded for a while; with the
   * milliseconds for which that was not so.
   */
  calm(signal: AbortSignal): Promise<number>;
  stop(): Promise<ClientRecords>;
}

const READS_HZ = 20;
const WRITES_HZ = 10;
const WORKLOAD_HZ = 10;
/** Of a set that grows for minutes. */
const LISTINGS_HZ = 0.2;
/** Longer than any of them is waited for: only where this host itself does not keep up. */
const UNANSWERED_SECONDS = 6;
/** What kubelets of haup's nodes are set to: after this a silent connection is taken for dead. */
const QUIET_MS = 8000;
const CALM_READS = 25;
const CALM_WRITES = 15;
const CALM_WORKLOAD = 15;
const CALM_WITHIN_MS = 180_000;
const PREPARE_MS = 20_000;

/**
 * Clients that know no mercy: reads and writes each on a connection of its own, begun on time whatever became of the last; one on a
 * kept-alive connection; a watch; workers that count by compare-and-swap; and, where there is one to ask, a client of the workload.
 * Everything is written into `namespace`, which is made.
 */
export async function startClients(
  api: ApiClient,
  namespace: string,
  { workload, signal }: { readonly workload?: Workload | null; readonly signal?: AbortSignal } = {},
): Promise<Clients> {
  await makeNamespace(api, namespace);
  const url = workload ? await workloadAddress(api, namespace, workload, signal) : null;
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
  const atOnce = WORKLOAD_HZ * UNANSWERED_SECONDS;
  const asked = url ? askWorkload(url, { hz: WORKLOAD_HZ, mostUnanswered: atOnce }) : null;
  const path = `/api/v1/namespaces/${namespace}`;
  const kept = keptAlive(api, { small: path, large: '/api/v1/namespaces' });
  return {
    calm: (until) =>
      calm(
        [
          { who: 'reads', samples: reads.samples, count: CALM_READS },
          { who: 'writes', samples: keys.writes, count: CALM_WRITES },
          ...(asked ? [{ who: 'the workload', samples: asked.samples, count: CALM_WORKLOAD }] : []),
        ],
        until,
      ),
    async stop() {
      const [read, connection, set, count, answers] = await Promise.all([
        reads.stop(),
        kept.stop(),
        keys.stop(),
        counter.stop(),
        asked?.stop(),
      ]);
      return {
        samples: {
          ...{ reads: read, writes: set.writes, 'kept-alive': connection.samples, watch: set.heard },
          ...(answers && { workload: answers }),
        },
        workload: asked?.address ?? null,
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

interface Calming {
  readonly who: string;
  readonly samples: readonly Sample[];
  /** So many in a row are calm. */
  readonly count: number;
}

async function calm(clients: readonly Calming[], signal: AbortSignal): Promise<number> {
  const since = performance.now();
  const look = async (): Promise<number> => {
    const begun = clients.map(({ samples }) => samples.filter(({ began }) => began >= since));
    for (const [index, { who, count }] of clients.entries()) {
      const last = begun[index]!.slice(-count);
      const failed = last.findLast(({ error }) => error !== null);
      if (failed) throw new Error(`${who}: ${failed.error}`);
      if (last.length < count) throw new Error(`${who}: ${last.length} answers of ${count}`);
    }
    const failures = begun.flat().filter(({ error }) => error !== null);
    return Math.max(0, ...failures.map(({ ended }) => ended - since));
  };
  return waitFor(look, {
    what: "the drill's clients to be answered without a miss",
    timeoutMs: CALM_WITHIN_MS,
    maxIntervalMs: 200,
    signal,
  });
}
