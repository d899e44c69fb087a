import { expect, test } from 'vitest';
import { eachAtOnce, together } from '../../../src/util/together.ts';

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

test('of many things some are done at a time, each once and in order', async () => {
  const began: number[] = [];
  let doing = 0;
  let most = 0;
  await eachAtOnce(undefined, [1, 2, 3, 4, 5], 2, async (item) => {
    began.push(item);
    doing += 1;
    most = Math.max(most, doing);
    await null;
    doing -= 1;
  });
  expect(began).toEqual([1, 2, 3, 4, 5]);
  expect(most).toBe(2);
});

test('after one of many has failed no other is begun, and those under way are waited for', async () => {
  const begun: string[] = [];
  const ended: string[] = [];
  const working = eachAtOnce(undefined, ['bad', 'good', 'never'], 2, async (item, signal) => {
    begun.push(item);
    if (item === 'bad') throw new Error('no disk');
    await aborted(signal).catch(() => {});
    ended.push(item);
  });
  await expect(working).rejects.toThrow('no disk');
  expect({ begun, ended }).toEqual({ begun: ['bad', 'good'], ended: ['good'] });
});

test('who gives up many things begins none of the rest', async () => {
  const giveUp = new AbortController();
  const begun: number[] = [];
  const going = eachAtOnce(giveUp.signal, [1, 2, 3], 1, async (item) => {
    begun.push(item);
    giveUp.abort(new Error('enough'));
  });
  await expect(going).rejects.toThrow('enough');
  expect(begun).toEqual([1]);
});
