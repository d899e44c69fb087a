import type { ApiClient } from '../../kubernetes/client.ts';
import { waitFor } from '../../util/wait.ts';
import { type Addition, type Listing, setViolations } from './history.ts';
import { ask, describeError, type Load, type LoopLimits, openLoop, type Sample } from './load.ts';
import { type WatchOptions, watch } from './watcher.ts';

export interface KeySetReport {
  /** Every addition, as a request. */
  readonly writes: readonly Sample[];
  /** Every acknowledged key, from its addition until the watch heard of it. */
  readonly heard: readonly Sample[];
  readonly acknowledged: readonly string[];
  readonly listings: number;
  readonly failures: readonly string[];
  readonly violations: readonly string[];
  /** Acknowledged keys that the watcher never heard of. */
  readonly unseen: readonly string[];
  /** Why watches ended. */
  readonly watchEnds: readonly string[];
  readonly relists: number;
}

const ADDITIONS_HZ = 5;
const LISTINGS_HZ = 2;
const TIMEOUT_MS = 5000;
/** 50,000 keys. */
const MAX_LIST_BYTES = 32 * 1024 * 1024;
/** The last list counts: without it nobody knows what is there. */
const LAST_LIST_MS = 60_000;

export interface KeySetOptions extends WatchOptions, LoopLimits {
  /** Additions a second, each begun on time. */
  readonly hz?: number;
  /** Listings a second: each is as long as the set is by then. */
  readonly listingHz?: number;
}

export interface KeySet extends Load<KeySetReport> {
  /** Additions that have ended so far. */
  readonly writes: readonly Sample[];
}

/** Adds keys (objects) to a set, lists the set, and watches it, all at once. */
export async function growKeySet(
  api: ApiClient,
  folder: string,
  name: string,
  { hz = ADDITIONS_HZ, listingHz = LISTINGS_HZ, quietMs, mostUnanswered }: KeySetOptions = {},
): Promise<KeySet> {
  const watcher = await watch(api, folder, `set=${name}`, { quietMs });
  const additions: Addition[] = [];
  const listings: Listing[] = [];
  const failures: string[] = [];
  const failed = (error: unknown): void => {
    failures.push(describeError(error));
  };

  const add = async (count: number): Promise<void> => {
    const key = `${name}-${count}`;
    const body = { metadata: { name: key, labels: { set: name } } };
    const began = performance.now();
    try {
      await ask(api, { method: 'POST', path: folder, body, timeoutMs: TIMEOUT_MS }, [201]);
      additions.push({ key, began, ended: performance.now(), outcome: 'acknowledged' });
    } catch (error) {
      additions.push({ key, began, ended: performance.now(), outcome: 'unknown' });
      failed(error);
    }
  };
  const adding = openLoop(hz, add, { mostUnanswered });
  const list = async (): Promise<void> => {
    const began = performance.now();
    const path = `${folder}?labelSelector=set%3D${name}`;
    const { items } = await ask<{ items: { metadata: { name: string } }[] }>(api, {
      path,
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_LIST_BYTES,
    });
    const keys = new Set(items.map((item) => item.metadata.name));
    listings.push({ began, ended: performance.now(), keys });
  };
  const listing = openLoop(listingHz, () => list().catch(failed));

  return {
    writes: adding.samples,
    async stop() {
      const [writes] = await Promise.all([adding.stop(), listing.stop()]);
      await waitFor(() => list().then(() => true), {
        what: 'the set to be listed once more',
        timeoutMs: LAST_LIST_MS,
      });
      const acknowledged = additions.filter((a) => a.outcome === 'acknowledged').map((a) => a.key);
      const unseen = (): string[] => acknowledged.filter((key) => !watcher.seen.has(key));
      await waitFor(async () => (unseen().length === 0 ? true : undefined), {
        what: 'the watch to have seen every key',
        timeoutMs: 15_000,
      }).catch(() => {});
      watcher.close();
      return {
        writes,
        heard: heardOf(additions, watcher.seen),
        acknowledged,
        listings: listings.length,
        failures,
        violations: setViolations(additions, listings),
        unseen: unseen(),
        watchEnds: watcher.ends,
        relists: watcher.relists(),
      };
    },
  };
}

function heardOf(additions: readonly Addition[], seen: ReadonlyMap<string, number>): Sample[] {
  return additions
    .filter(({ outcome }) => outcome === 'acknowledged')
    .map(({ key, began, ended }) => {
      const at = seen.get(key);
      return { began, ended: at ?? ended, error: at === undefined ? 'the watch never heard of it' : null };
    });
}
