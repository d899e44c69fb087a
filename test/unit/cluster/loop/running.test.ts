import { describe, expect, test } from 'vitest';
import { RunningSteps } from '../../../../src/cluster/loop/running.ts';
import type { Step } from '../../../../src/cluster/plan/step.ts';

const provision = (replica: string): Step => ({ kind: 'provision', replica });
const learn = (replica: string): Step => ({ kind: 'add-learner', replica });

/** A step that ends when it is told to. */
function begin(running: RunningSteps, step: Step) {
  let halfway = async (): Promise<void> => {};
  let end = (): void => {};
  let fail = (_: Error): void => {};
  running.start(step, (half) => {
    halfway = half;
    return new Promise<void>((resolve, reject) => {
      end = resolve;
      fail = reject;
    });
  });
  return { halfway: () => halfway(), end: () => end(), fail: (error: Error) => fail(error) };
}

describe('the running steps', () => {
  test('leave only those to be begun that touch nothing of theirs', async () => {
    const running = new RunningSteps();
    const one = begin(running, learn('m1'));
    expect(running.leaves(provision('m2'))).toBe(true);
    expect(running.leaves(provision('m1'))).toBe(false);
    expect(running.leaves(learn('m2')), 'membership changes one at a time').toBe(false);
    one.end();
    await running.allEnded();
    expect([running.none, running.leaves(learn('m2'))]).toEqual([true, true]);
  });

  test('overtake a look by ending while it is under way, and not by having ended before', async () => {
    const running = new RunningSteps();
    const one = begin(running, provision('m1'));
    running.lookBegins();
    expect(running.hasOvertaken(provision('m1')), 'it still runs').toBe(false);
    one.end();
    await running.allEnded();
    expect(running.hasOvertaken(learn('m1'))).toBe(true);
    expect(running.hasOvertaken(provision('m2'))).toBe(false);
    expect(running.lookBegins()).toEqual([provision('m1')]);
    expect(running.hasOvertaken(learn('m1'))).toBe(false);
  });

  test('tell the next look of what is half done, and again of what is done', async () => {
    const running = new RunningSteps();
    const one = begin(running, provision('m1'));
    void one.halfway();
    expect(running.hasOvertaken(provision('m1'))).toBe(false);
    expect(running.lookBegins()).toEqual([provision('m1')]);
    one.end();
    await running.allEnded();
    expect(running.lookBegins()).toEqual([provision('m1')]);
    expect(running.lookBegins()).toEqual([]);
  });

  test('are news when one ends, and when one is half done, also if that was during the look', async () => {
    const running = new RunningSteps();
    const one = begin(running, provision('m1'));
    const two = begin(running, provision('m2'));
    one.end();
    await running.news();
    running.lookBegins();
    void two.halfway();
    await running.news();
    running.lookBegins();
    let told = false;
    const news = running.news().then(() => {
      told = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(told, 'what the look was told is no news').toBe(false);
    two.end();
    await news;
  });

  test('that are half done hear when that has been looked at, by a look that began after it, or that there will be none', async () => {
    const running = new RunningSteps();
    const heard: string[] = [];
    const [one, two] = ['m1', 'm2'].map((name) => begin(running, provision(name)));
    running.lookBegins();
    const first = one!.halfway().then(() => heard.push('m1'));
    running.lookEnds();
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard, 'that look may have missed it').toEqual([]);
    running.lookBegins();
    running.lookEnds();
    await first;
    const second = two!.halfway().then(() => two!.end());
    one!.fail(new Error('first'));
    await running.allEnded();
    await second;
    expect([heard, running.none]).toEqual([['m1'], true]);
  });

  test('keep the first failure; a success is counted by the step itself', async () => {
    const running = new RunningSteps();
    const [one, two, three] = ['m1', 'm2', 'm3'].map((name) => begin(running, provision(name)));
    one!.end();
    two!.fail(new Error('first'));
    await running.news();
    three!.fail(new Error('second'));
    await running.allEnded();
    expect(running.failure).toMatchObject({ step: provision('m2'), error: { message: 'first' } });
    expect(['m1', 'm2'].map((name) => running.successes(provision(name)))).toEqual([1, 0]);
  });
});
