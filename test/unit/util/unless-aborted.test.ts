import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { Interrupted } from '../../../src/cli/errors.ts';
import { unlessAborted } from '../../../src/util/unless-aborted.ts';

it('work that heeds no signal is not waited for once the user stops it', async () => {
  const user = new AbortController();
  const waiting = unlessAborted(user.signal, () => new Promise<never>(() => {}));
  user.abort(new Interrupted('SIGINT'));
  await expect(waiting).rejects.toBeInstanceOf(Interrupted);
  let begun = false;
  const late = unlessAborted(user.signal, async () => {
    begun = true;
  });
  await expect(late).rejects.toBeInstanceOf(Interrupted);
  expect(begun).toBe(false);
});

it('work that ends by itself keeps its result, or its error, and leaves nothing behind', async () => {
  const { signal } = new AbortController();
  expect(await unlessAborted(signal, async () => 7)).toBe(7);
  await expect(unlessAborted(signal, () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
