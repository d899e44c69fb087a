import { expect, test } from 'vitest';
import { together } from '../../../src/util/together.ts';

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

test('several things are done at once, and what each says is said in order', async () => {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const done = await together(undefined, [
    async () => {
      await opened;
      return 'waited';
    },
    async () => {
      open();
      return 7;
    },
  ]);
  expect(done).toEqual(['waited', 7]);
});

test('the first that fails stops the others, which are waited for', async () => {
  const ended: string[] = [];
  const failing = together(new AbortController().signal, [
    async (signal) => {
      await aborted(signal).catch(() => {});
      await null;
      ended.push('the other');
      throw new Error('it was cut off');
    },
    async () => {
      throw new Error('no disk');
    },
  ]);
  await expect(failing).rejects.toThrow('no disk');
  expect(ended).toEqual(['the other']);
});

test('who gives up gives all of it up', async () => {
  const giveUp = new AbortController();
  const going = together(giveUp.signal, [aborted, aborted]);
  giveUp.abort(new Error('enough'));
  await expect(going).rejects.toThrow('enough');
});
