import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { OutOfTime } from '../../../src/app/errors.ts';
import { withinTime } from '../../../src/app/within-time.ts';

const calm = () => new AbortController().signal;

/** Work that only its signal ends, with an error of its own, as a provider's call does. */
const endless = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('the call was given up')));
  });

it('what work throws once its time is over is that its time is over', async () => {
  const error = await withinTime(20, calm(), endless).catch((e) => e);
  expect(error).toBeInstanceOf(OutOfTime);
  expect(error).toMatchObject({ limitMs: 20, cause: new Error('the call was given up') });
});

it('what it throws before that, and what it throws when the user stops it, is its own', async () => {
  await expect(withinTime(60_000, calm(), () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
  const user = new AbortController();
  const stopped = withinTime(60_000, user.signal, endless);
  user.abort();
  await expect(stopped).rejects.toThrow('the call was given up');
});

it('each of many calls has all of the time, and leaves nothing behind on the signal that they share', async () => {
  const { signal } = new AbortController();
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  for (let i = 0; i < 4; i++) expect(await withinTime(200, signal, () => pause(80).then(() => i))).toBe(i);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
