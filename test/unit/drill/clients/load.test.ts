import { expect, test } from 'vitest';
import { openLoop } from '../../../../src/drill/clients/load.ts';
import { waitFor } from '../../../../src/util/wait.ts';

test('a loop that is not answered begins no more than it may, and goes on once it is', async () => {
  const waiting: (() => void)[] = [];
  let begun = 0;
  const ask = (): Promise<void> => {
    begun += 1;
    return new Promise((resolve) => waiting.push(resolve));
  };
  const loop = openLoop(1000, ask, { mostUnanswered: 5 });
  await waitFor(async () => waiting.length === 5 || undefined, { what: 'five requests', timeoutMs: 20_000 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(begun).toBe(5);
  for (const answer of waiting.splice(0)) answer();
  await waitFor(async () => begun === 10 || undefined, { what: 'five more', timeoutMs: 20_000 });
  const stopped = loop.stop();
  for (const answer of waiting.splice(0)) answer();
  expect(await stopped).toHaveLength(10);
});
