import { expect, it } from 'vitest';
import { measured } from '../../../src/app/measured.ts';
import type { HaupEvent } from '../../../src/cluster/loop/events.ts';
import { outcome } from '../cli/fake.ts';

it('what was measured while the address moved is in the outcome, whoever said so, and is shown as it happens', async () => {
  const report = { during: 'promotion', seconds: 1, watchReconnects: 0, probes: [] };
  const shown: HaupEvent[] = [];
  const done = await measured(
    (event) => shown.push(event),
    async (emit) => {
      emit({ type: 'warning', message: 'w' });
      emit({ type: 'availability', report });
      return outcome;
    },
  );
  expect(done.availability).toEqual([report]);
  expect(shown.map((event) => event.type)).toEqual(['warning', 'availability']);
});
