import type { Registered } from './vitest.ts';

interface Assignment {
  readonly bundle: string;
  readonly ids: readonly number[];
  /** For each, the file of tests that most likely notice it. */
  readonly mirrors: readonly string[];
  /** Those alone are tried. */
  readonly near: boolean;
  readonly ignored: readonly string[];
}

const shared = globalThis as { mutant?: number; tests?: Registered[] };

/** Runs the bundled tests once for each mutant, and says which test noticed it; null when none did. */
process.on('message', async ({ bundle, ids, mirrors, near, ignored }: Assignment) => {
  for (const [index, id] of ids.entries()) {
    process.send!({ id, began: true });
    shared.mutant = id;
    shared.tests = [];
    process.send!({ id, killedBy: await firstFailure(`${bundle}?${id}`, mirrors[index]!, near, ignored) });
  }
});
// Nobody is left to tell.
process.on('disconnect', () => process.exit());

async function firstFailure(
  url: string,
  mirror: string,
  near: boolean,
  ignored: readonly string[],
): Promise<string | null> {
  try {
    await import(url);
  } catch (error) {
    return `loading: ${error}`;
  }
  const tests = shared.tests!;
  for (const { name, run } of [
    ...tests.filter(({ file }) => file === mirror),
    ...tests.filter(({ file }) => file !== mirror && !near),
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
