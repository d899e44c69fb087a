import { defineConfig } from 'vitest/config';

/**
 * Each layer runs alone: `npx vitest run --project unit`. Only e2e, contract and clouds need root and make machines: e2e and contract one
 * file at a time, for they measure what a client meets and change what all clusters of a host share; clouds two, which are worlds of their own.
 * unit and model take every core: vitest leaves one to itself, which on two cores is half of the machine.
 */
const layer = (
  name: string,
  options: { testTimeout: number; workers?: 1 | 2 | '100%'; globalSetup?: string },
) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: options.testTimeout,
    hookTimeout: options.testTimeout,
    ...(options.globalSetup ? { globalSetup: options.globalSetup } : {}),
    ...(options.workers ? { maxWorkers: options.workers } : {}),
  },
});

export default defineConfig({
  test: {
    projects: [
      layer('unit', { testTimeout: 60_000, workers: '100%' }),
      layer('model', { testTimeout: 600_000, workers: '100%' }),
      layer('pages', { testTimeout: 120_000 }),
      layer('contract', { testTimeout: 300_000, workers: 1 }),
      layer('clouds', { testTimeout: 600_000, workers: 2 }),
      layer('e2e', { testTimeout: 900_000, workers: 1, globalSetup: 'test/e2e/support/build.ts' }),
    ],
  },
});
