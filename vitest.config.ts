import { defineConfig } from 'vitest/config';

interface Layer {
  readonly testTimeout: number;
  readonly workers: 1 | 2 | '100%';
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly globalSetup?: string;
}

/**
 * Tests of e2e that go two at a time: most of it is waiting, for machines that boot, members that must be connected for a while, whoever is
 * silent. All others have the machine to themselves, for they measure what clients meet while masters change, or run what has time limits of
 * its own.
 */
const inPairs =
  'audit backup cis create environment etcd/membership federation heal host-reboot look node-commands nodes reach refuse replica requests runbooks'
    .split(' ')
    .map((name) => `test/e2e/${name}.test.ts`);
/** Who asks for files by their names finds all of them in `--project e2e`. */
const pairs = process.argv.some((word) => word.includes('test/e2e/')) ? [] : inPairs;

/**
 * Each layer runs alone: `npx vitest run --project unit`. Only e2e, contract and clouds need root and make machines: contract one file at a
 * time, for it changes what all clusters of a host share; clouds two, which are worlds of their own; e2e in two parts, `--project 'e2e*'`.
 * unit and model take every core: vitest leaves one to itself, which on two cores is half of the machine.
 */
const layers: Readonly<Record<string, Layer>> = {
  unit: { testTimeout: 60_000, workers: '100%' },
  model: { testTimeout: 600_000, workers: '100%' },
  pages: { testTimeout: 120_000, workers: 1 },
  contract: { testTimeout: 300_000, workers: 1 },
  clouds: { testTimeout: 600_000, workers: 2 },
  e2e: { testTimeout: 900_000, workers: 1, exclude: pairs, globalSetup: 'test/e2e/support/build.ts' },
  'e2e-pairs': {
    testTimeout: 900_000,
    workers: 2,
    include: pairs,
    globalSetup: 'test/e2e/support/build.ts',
  },
};

export default defineConfig({
  test: {
    projects: Object.entries(layers).map(([name, layer], groupOrder) => ({
      test: {
        name,
        include: [...(layer.include ?? [`test/${name}/**/*.test.ts`])],
        exclude: [...(layer.exclude ?? [])],
        testTimeout: layer.testTimeout,
        hookTimeout: layer.testTimeout,
        maxWorkers: layer.workers,
        // One after the other, whichever are asked for.
        sequence: { groupOrder },
        ...(layer.globalSetup ? { globalSetup: layer.globalSetup } : {}),
      },
    })),
  },
});
