import type { ApiClient } from '../../../src/kubernetes/client.ts';
import { waitFor } from '../../../src/util/wait.ts';
import { type Addition, type Listing, setViolations } from './history.ts';
import { ask, describeError, type Load, openLoop } from './load.ts';
import { watch } from './watcher.ts';

export interface KeySetReport {
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

/** Adds keys (objects) to a set, lists the set, and watches it, all at once. */
export async function growKeySet(api: ApiClient, folder: string, name: string): Promise<Load<KeySetReport>> {
  const watcher = await watch(api, folder, `set=${name}`);
  const additions: Addition[] = [];
  const listings: Listing[] = [];
  const failures: string[] = [];
  const failed = (error: unknown): void => {
    failures.push(describeError(error));
  };

  const adding = openLoop(ADDITIONS_HZ, async (count) => {
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
  });
  const list = async (): Promise<void> => {
    const began = performance.now();
    const path = `${folder}?labelSelector=set%3D${name}`;
    const { items } = await ask<{ items: { metadata: { name: string } }[] }>(api, {
      path,
      timeoutMs: TIMEOUT_MS,
    });
    const keys = new Set(items.map((item) => item.metadata.name));
    listings.push({ began, ended: performance.now(), keys });
  };
  const listing = openLoop(LISTINGS_HZ, () => list().catch(failed));

  return {
    async stop() {
      await Promise.all([adding.stop(), listing.stop()]);
      await list();
      const acknowledged = additions.filter((a) => a.outcome === 'acknowledged').map((a) => a.key);
      const unseen = (): string[] => acknowledged.filter((key) => !watcher.seen.has(key));
      await waitFor(async () => (unseen().length === 0 ? true : undefined), {
        what: 'the watch to have seen every key',
        timeoutMs: 15_000,
      }).catch(() => {});
      watcher.close();
      return {
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
