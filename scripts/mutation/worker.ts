import { parentPort, workerData } from 'node:worker_threads';
import type { Registered } from './vitest.ts';

/** Runs the bundled tests once for each mutant, and says which test noticed it; null when none did. */
const { bundle, ids, ignored } = workerData as {
  readonly bundle: string;
  readonly ids: readonly number[];
  readonly ignored: readonly string[];
};
const shared = globalThis as { mutant?: number; tests?: Registered[] };

for (const id of ids) {
  parentPort!.postMessage({ id, began: true });
  shared.mutant = id;
  shared.tests = [];
  parentPort!.postMessage({ id, killedBy: await firstFailure(`${bundle}?${id}`) });
}

async function firstFailure(url: string): Promise<string | null> {
  try {
    await import(url);
  } catch (error) {
    return `loading: ${error}`;
  }
  for (const { name, run } of shared.tests!) {
    if (ignored.includes(name)) continue;
    try {
      await run();
    } catch {
      return name;
    }
  }
  return null;
}
