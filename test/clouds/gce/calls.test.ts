import { expect, it } from 'vitest';
import { BOUND } from '../shared/calls.ts';
import { countCalls } from './calls.ts';

it('makes each change once, and at most half as many calls again as the API allows at least', async () => {
  for (const { operation, calls, polling, least } of await countCalls()) {
    process.stdout.write(
      `figure: GCE calls: ${operation}: ${calls.length} (least ${least.length}), ${polling} of polling\n`,
    );
    expect(changes(calls), operation).toEqual(changes(least));
    expect(calls.length, `${operation}: ${calls.join(' ')}`).toBeLessThanOrEqual(BOUND * least.length);
  }
});

function changes(calls: readonly string[]): string[] {
  return calls.filter((call) => !/\.(get|list|listInstances|aggregatedList)$/.test(call)).sort();
}
