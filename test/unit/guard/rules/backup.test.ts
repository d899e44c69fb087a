import { describe, expect, test } from 'vitest';
import { duties, type GuardMemory, nothingSeen } from '../../../../src/cluster/model/guard.ts';
import type { Observation } from '../../../../src/cluster/model/observation.ts';
import { decide } from '../../../../src/guard/decide.ts';
import { withDeed } from '../../../../src/guard/remember.ts';
import type { BackupReport } from '../../../../src/replicas/backup/report.ts';
import { rfc3339 } from '../../../../src/util/text/rfc3339.ts';
import { converged, specOf } from '../../../support/clusters.ts';

const MINUTE = 60_000;
const EPOCH = Date.parse('2026-11-25T12:00:00Z');
const keep = { allHours: 1, hourlyDays: 1, dailyDays: 30 };
const backup = { to: '/srv/demo', everySeconds: 60, keep, generation: 1 };
const spec = { ...specOf(['m0', 'm1', 'm2']), backup };
const whole = converged(spec);

/** What the masters say of a backup of then, and of one that failed then, if any did; milliseconds since the epoch by their clocks. */
function reporting(taken: number, failed?: number): Observation {
  const last = { id: 'a', taken: rfc3339(taken), finished: rfc3339(taken), size: 1, added: '', store: 1 };
  const failure = failed === undefined ? null : { at: rfc3339(failed), words: 'no room' };
  const report: BackupReport = { generation: 1, last, failure };
  return {
    ...whole,
    machines: whole.machines.map((m) => ({ ...m, inside: { ...m.inside!, backup: report } })),
  };
}

interface Course {
  /** Of looks. */
  readonly count: number;
  readonly apartMs?: number;
  /** What is seen, by the moment and by when a backup was taken last, which no master does by itself. */
  readonly seen: (now: number, taken: number) => Observation;
  readonly failed?: string | null;
  readonly memory?: GuardMemory;
}

/** A guard that looks again and again: the minutes at which it took a backup, and what it knows in the end. */
function course({ count, apartMs = 30_000, seen, failed = null, memory = nothingSeen }: Course) {
  const minutes: number[] = [];
  let known = memory;
  let taken = EPOCH;
  for (let look = 0; look < count; look += 1) {
    const now = EPOCH + look * apartMs;
    const rules = { may: new Set(duties), afterMs: 300_000, elsewhere: [] };
    const { act, memory: after } = decide(spec, seen(now, taken), known, rules, now);
    known = after;
    if (!act) continue;
    const { duty, replica, reason } = act;
    known = withDeed(known, { at: now, duty, replica, reason, failed });
    if (failed === null) taken = now;
    minutes.push((now - EPOCH) / MINUTE);
  }
  return { minutes, memory: known };
}

function gaps(minutes: readonly number[]): number[] {
  return minutes.slice(1).map((minute, index) => minute - minutes[index]!);
}

const DOUBLED = [1, 2, 4, 8, 16, 32, 60, 60];

describe('backups that are late are taken', () => {
  test('later each time while the clock of who leads calls them late as soon as they are there', () => {
    const { minutes, memory } = course({ count: 400, seen: (_, taken) => reporting(taken - 4 * MINUTE) });
    expect(gaps(minutes)).toEqual(DOUBLED.slice(0, gaps(minutes).length));
    expect(minutes.length).toBeGreaterThan(6);
    const now = EPOCH + (minutes.at(-1)! + 1) * MINUTE;
    const rules = { may: new Set(duties), afterMs: 0, elsewhere: [] };
    const { waits } = decide(spec, reporting(now - 4 * MINUTE), memory, rules, now);
    expect(waits.join()).toMatch(/backups are late, .* that did not help before, and is tried again in/);
  });

  test('later each time while one that failed stays newer than they are', () => {
    const seen = (now: number, taken: number) => reporting(taken, now + 5 * MINUTE);
    const { minutes } = course({ count: 100, seen });
    expect(gaps(minutes)).toEqual(DOUBLED.slice(0, 5));
  });

  test('later each time while they fail', () => {
    const { minutes } = course({ count: 100, seen: () => reporting(EPOCH - 10 * MINUTE), failed: 'no room' });
    expect(gaps(minutes)).toEqual(DOUBLED.slice(0, 5));
  });

  test('by somebody who never takes one, as soon as the next one is late', () => {
    const { minutes } = course({ count: 100, seen: (_, taken) => reporting(taken) });
    expect(new Set(gaps(minutes))).toEqual(new Set([3.5]));
    // Those have helped, and are no tries of what does not.
    const before = course({ count: 30, seen: (_, taken) => reporting(taken) });
    const seen = (_: number, taken: number) => reporting(taken - 4 * MINUTE);
    const memory = {
      ...before.memory,
      backupsIllSince: null,
      deeds: before.memory.deeds.map((deed) => ({ ...deed, at: deed.at - 20 * MINUTE })),
    };
    expect(gaps(course({ count: 20, seen, memory }).minutes)).toEqual([1, 2, 4]);
  });

  test('as often as somebody looks who comes once an hour', () => {
    const seen = (_: number, taken: number) => reporting(taken - 4 * MINUTE);
    const { minutes } = course({ count: 12, apartMs: 59 * MINUTE, seen });
    expect(minutes).toHaveLength(12);
  });

  test('no sooner for a look that could ask nobody for them', () => {
    const blind = { ...whole, machines: whole.machines.map((m) => ({ ...m, inside: null })) };
    const seen = (now: number, taken: number) =>
      (now - EPOCH) % MINUTE === 0 ? reporting(taken - 4 * MINUTE) : blind;
    const { minutes } = course({ count: 70, seen });
    expect(gaps(minutes)).toEqual(DOUBLED.slice(0, 5));
  });
});
