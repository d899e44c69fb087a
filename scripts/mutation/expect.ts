/** Stands for vitest in the bundle of scripts/mutate.ts. */
export { expect } from 'vitest';
export * from './vitest.ts';
