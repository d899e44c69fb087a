import type { Registered } from './vitest.ts';

interface Assignment {
  readonly bundle: string;
  readonly ids: readonly number[];
  /** For each, the file of tests that most likely notice it. */
  readonly near: readonly string[];
  readonly ignored: readonly string[];
}

const shared = globalThis as { mutant?: number; tests?: Registered[] };

/** Runs the bundled tests once for each mutant, and says which test noticed it; null when none did. */
process.on('message', async ({ bundle, ids, near, ignored }: Assignment) => {
  for (const [index, id] of ids.entries()) {
    process.send!({ id, began: true });
    shared.mutant = id;
    shared.tests = [];
    process.send!({ id, killedBy: await firstFailure(`${bundle}?${id}`, near[index]!, ignored) });
  }
});

async function firstFailure(url: string, near: string, ignored: readonly string[]): Promise<string | null> {
  try {
    await import(url);
  } catch (error) {
    return `loading: ${error}`;
  }
  const tests = shared.tests!;
  for (const { name, run } of [
    ...tests.filter(({ file }) => file === near),
    ...tests.filter(({ file }) => file !== near),
  ]) {
    if (ignored.includes(name)) continue;
    try {
      await run();
    } catch {
      return name;
    }
  }
  return null;
}
