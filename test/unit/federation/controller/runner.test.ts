import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openRunner } from '../../../../src/federation/controller/runner.ts';

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('a runner', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Work that ends when it is told to. */
  function held() {
    let end: () => void = () => {};
    const work = vi.fn(() => new Promise<void>((resolve) => (end = resolve)));
    return { work, end: () => end() };
  }

  test('does so many at once, and one of each key', async () => {
    const runner = openRunner({ atOnce: 2, onEnd: () => {} });
    const works = ['a', 'b', 'c'].map((key) => ({ key, ...held() }));
    for (const { key, work } of works) runner.run(key, work);
    expect(works.map(({ work }) => work.mock.calls.length)).toEqual([1, 1, 0]);
    works[0]!.end();
    await pass(0);
    expect(works[2]!.work).toHaveBeenCalledOnce();
    expect(runner.isRunning('a')).toBe(false);
    expect(runner.isRunning('b')).toBe(true);
  });

  test('forgets what has not begun, when nothing is wanted any more', async () => {
    const runner = openRunner({ atOnce: 1, onEnd: () => {} });
    const [first, second] = [held(), held()];
    runner.run('a', first.work);
    runner.run('b', second.work);
    runner.forget('b');
    first.end();
    await pass(0);
    expect(second.work).not.toHaveBeenCalled();
  });

  test('waits after a failure, longer each time, and says when it may be tried again', async () => {
    const onEnd = vi.fn();
    const runner = openRunner({ atOnce: 1, onEnd });
    const work = vi.fn(() => Promise.reject(new Error('no')));
    onEnd.mockImplementation(() => runner.run('a', work, 'x'));
    runner.run('a', work, 'x');
    await pass(0);
    expect(runner.problems).toEqual(new Map([['a', 'no']]));
    await pass(999);
    expect(work).toHaveBeenCalledTimes(1);
    await pass(1);
    expect(work).toHaveBeenCalledTimes(2);
    await pass(2_000);
    expect(work).toHaveBeenCalledTimes(3);
    await pass(600_000);
    const before = work.mock.calls.length;
    await pass(60_000);
    expect(work).toHaveBeenCalledTimes(before + 1);
  });

  test('tries something else at once, and has no problem once it succeeds', async () => {
    const runner = openRunner({ atOnce: 1, onEnd: () => {} });
    runner.run('a', () => Promise.reject(new Error('no')), 'x');
    await pass(0);
    const mended = vi.fn(async () => {});
    runner.run('a', mended, 'y');
    await pass(0);
    expect(mended).toHaveBeenCalledOnce();
    expect(runner.problems.size).toBe(0);
  });

  test('is idle when what was under way has ended, and begins nothing once it is closed', async () => {
    const onEnd = vi.fn();
    const runner = openRunner({ atOnce: 1, onEnd });
    const [first, second] = [held(), held()];
    const idle = vi.fn();
    runner.run('a', first.work);
    runner.run('b', second.work);
    runner.close();
    void runner.idle().then(idle);
    await pass(0);
    expect(idle).not.toHaveBeenCalled();
    first.end();
    await pass(0);
    expect(idle).toHaveBeenCalledOnce();
    expect(second.work).not.toHaveBeenCalled();
    expect(onEnd).not.toHaveBeenCalled();
  });
});
