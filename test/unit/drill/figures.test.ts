import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { figuresOf } from '../../../src/drill/figures.ts';
import { judge } from '../../../src/drill/judge.ts';
import { logWith, logWithWorkload } from './report.ts';

describe('the figures of a drill', () => {
  test('show an outage of 3 s as one of 3 s, and every request of it as failed', () => {
    const [figures] = figuresOf(logWith(3000));
    expect(figures!.clients.writes).toEqual({
      requests: 400,
      failures: 30,
      gapSeconds: 3.005,
      slowestSeconds: 0.005,
    });
    expect(figures!.clients.reads).toMatchObject({ failures: 75, gapSeconds: 3.005 });
    expect(figures!.clients.watch).toMatchObject({ failures: 0, gapSeconds: 0.1 });
    expect(figures!.recoverySeconds).toBe(5);
  });

  test('show an outage of any length as no shorter than it was', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 39_000 }), (outageMs) => {
        const gap = figuresOf(logWith(outageMs))[0]!.clients.writes.gapSeconds;
        expect(gap * 1000).toBeGreaterThanOrEqual(Math.floor(outageMs / 100) * 100);
        expect(gap * 1000).toBeLessThanOrEqual(outageMs + 205);
      }),
    );
  });

  test('count an outage that never ended until the drill did', () => {
    const log = logWith(60_000);
    expect(figuresOf(log)[0]!.clients.writes.gapSeconds).toBe(40);
  });

  test('belong to the act in which they were begun', () => {
    const log = logWith(3000);
    const [act] = log.acts;
    const later = { ...act!, act: 'freeze' as const, at: 40_000, curedAt: 45_000, wellAt: null };
    const [, second] = figuresOf({ ...log, acts: [act!, later] });
    expect(second!.clients.writes).toMatchObject({ requests: 200, failures: 0 });
    expect(second!.clients.writes.gapSeconds).toBeLessThan(0.2);
    expect(second!.recoverySeconds).toBeNull();
  });
});

test('an outage that begins as the next act does is not counted as the last one’s', () => {
  const log = logWith(3000);
  const [act] = log.acts;
  const before = { ...act!, act: 'follower-power' as const, at: act!.at - 5000 };
  const [first, second] = figuresOf({ ...log, acts: [before, act!] });
  expect(first!.clients.writes.gapSeconds).toBeLessThan(0.2);
  expect(second!.clients.writes.gapSeconds).toBe(3.005);
});

describe('goals', () => {
  test('are judged act by act', () => {
    const log = logWith(3000);
    expect(judge(log.goals, figuresOf(log))).toEqual([
      { goal: 'writes-resume', act: 'leader-power', most: 2, was: 3.005, met: false },
      { goal: 'recovery', act: 'leader-power', most: 10, was: 5, met: true },
    ]);
    expect(judge([{ goal: 'failed-reads', act: 'zone', most: 0 }], figuresOf(log))).toEqual([]);
  });

  test('of the workload are judged where one was asked, and missed where none was', () => {
    const asked = logWithWorkload(3000);
    expect(judge(asked.goals, figuresOf(asked))).toMatchObject([
      { goal: 'workload-resumes', was: 3.005, met: false },
      { goal: 'failed-workload', was: 30, met: true },
    ]);
    const unasked = figuresOf(logWith(0));
    expect(Object.keys(unasked[0]!.clients)).toEqual(['reads', 'writes', 'kept-alive', 'watch']);
    expect(judge(asked.goals, unasked)).toMatchObject([
      { was: null, met: false },
      { was: null, met: false },
    ]);
  });

  test('that nobody could measure are missed', () => {
    const log = logWith(0);
    const acts = [{ ...log.acts[0]!, wellAt: null }];
    const judged = judge([{ goal: 'recovery', act: null, most: 100 }], figuresOf({ ...log, acts }));
    expect(judged).toMatchObject([{ was: null, met: false }]);
  });
});
