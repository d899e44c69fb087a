import { defineConfig } from 'vitest/config';

/** Each layer runs alone: `npx vitest run --project unit`. Only e2e, contract and clouds need root and make machines. */
const layer = (name: string, options: { testTimeout: number; serial?: boolean; globalSetup?: string }) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: options.testTimeout,
    hookTimeout: options.testTimeout,
    ...(options.globalSetup ? { globalSetup: options.globalSetup } : {}),
    ...(options.serial ? { fileParallelism: false, maxWorkers: 1 } : {}),
  },
});

export default defineConfig({
  test: {
    projects: [
      layer('unit', { testTimeout: 60_000 }),
      layer('model', { testTimeout: 600_000 }),
      layer('pages', { testTimeout: 120_000 }),
      layer('contract', { testTimeout: 300_000, serial: true }),
      layer('clouds', { testTimeout: 300_000, serial: true }),
      layer('e2e', { testTimeout: 900_000, serial: true, globalSetup: 'test/e2e/support/build.ts' }),
    ],
  },
});
