import { expect, test, vi } from 'vitest';
import { prune } from '../../../src/backup/prune.ts';
import type { Restic } from '../../../src/backup/restic.ts';

const keep = { allHours: 1, hourlyDays: 1, dailyDays: 30 };

test('the newest backup is kept, however old its master’s clock has made it', async () => {
  const restic = vi.fn<Restic>(async () => '');
  const spared = [{ taken: '2026-11-25T12:00:00Z', by: 'm0' }];
  await prune(restic, keep, spared, false, new AbortController().signal);
  const forgets = restic.mock.calls
    .map(([args]) => args.join(' '))
    .filter((args) => args.includes('--prune'));
  expect(forgets).toEqual([expect.stringMatching(/ --keep-tag taken=2026-11-25T12:00:00Z,by=m0( |$)/)]);
});
