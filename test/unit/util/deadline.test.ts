import { getEventListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test, vi } from 'vitest';
import { deadline, withDeadline } from '../../../src/util/deadline.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function aborted(signal: AbortSignal): Promise<Error> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason as Error)));
}

test('a deadline aborts, also when nobody but its listener remembers it', async () => {
  const ends = Promise.all([10, 20, 30].map((ms) => aborted(deadline(ms, new AbortController().signal))));
  collectGarbage();
  await delay(5);
  collectGarbage();
  expect((await ends).map((reason) => reason.name)).toEqual(['TimeoutError', 'TimeoutError', 'TimeoutError']);
});

test('a deadline may be further away than one timer can be', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const DAY_MS = 86_400_000;
  const signal = deadline(60 * DAY_MS);
  const ended = new AbortController();
  deadline(60 * DAY_MS, ended.signal);
  vi.advanceTimersByTime(59 * DAY_MS);
  expect(signal.aborted).toBe(false);
  ended.abort();
  vi.advanceTimersByTime(DAY_MS);
  expect((signal.reason as Error).message).toBe('no end within 5184000 s');
  expect(vi.getTimerCount()).toBe(0);
});

test('an earlier signal ends it with its own reason, also one that is aborted already', async () => {
  const stop = new AbortController();
  const reason = aborted(deadline(60_000, undefined, stop.signal));
  stop.abort(new Error('interrupted'));
  expect((await reason).message).toBe('interrupted');
  expect(deadline(60_000, stop.signal).reason).toBe(stop.signal.reason);
});

test('holds on to nothing when its work has ended', async () => {
  const parent = new AbortController();
  let given: AbortSignal | undefined;
  const work = async (signal: AbortSignal): Promise<string> => {
    given = signal;
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(1);
    return 'done';
  };
  await expect(withDeadline(60_000, parent.signal, work)).resolves.toBe('done');
  expect(getEventListeners(parent.signal, 'abort')).toEqual([]);
  expect(given?.aborted).toBe(true);
});
