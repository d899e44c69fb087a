import { mkdtemp, readdir, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withLock } from '../../../../../src/providers/local/host/flock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lp-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('of many at once only one is inside, and all get their turn', async () => {
  let inside = 0;
  let most = 0;
  let turns = 0;
  const visit = () =>
    withLock(folder, async () => {
      most = Math.max(most, ++inside);
      await new Promise(setImmediate);
      turns++;
      inside--;
    });
  await Promise.all(Array.from({ length: 10 }, visit));
  expect({ most, turns }).toEqual({ most: 1, turns: 10 });
  expect(await readdir(folder)).toEqual([]);
});

test('whoever waited on a folder that its holder deleted gets a lock on the new one', async () => {
  const target = join(folder, 'gone');
  let second: Promise<string[]> = Promise.resolve([]);
  await withLock(target, async () => {
    second = withLock(target, () => readdir(folder));
    await rmdir(target);
  });
  expect(await second).toEqual(['gone']);
});

test('an abort ends the wait', async () => {
  const abort = new AbortController();
  await withLock(folder, async () => {
    const waiting = withLock(folder, async () => 'never', abort.signal);
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});

test('a body that fails lets the lock go', async () => {
  await expect(withLock(folder, () => Promise.reject(new Error('inside')))).rejects.toThrow('inside');
  expect(await withLock(folder, async () => 'free')).toBe('free');
});
