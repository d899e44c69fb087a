import { expect, test } from 'vitest';
import { BOUND } from '../shared/calls.ts';
import { countCalls } from './calls.ts';

test('every operation makes each change once, and at most half as many calls again as the API allows at least', async () => {
  const changes = (all: readonly string[]) => all.filter((call) => !call.startsWith('Describe')).sort();
  for (const { operation, calls, least } of await countCalls()) {
    process.stdout.write(`figure: AWS calls: ${operation}: ${calls.length} (least ${least.length})\n`);
    expect(changes(calls), operation).toEqual(changes(least));
    expect(calls.length, `${operation}: ${calls.join(' ')}`).toBeLessThanOrEqual(BOUND * least.length);
  }
});
