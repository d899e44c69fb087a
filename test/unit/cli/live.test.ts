import { describe, expect, it } from 'vitest';
import { openDisplay } from '../../../src/cli/output/display/open-display.ts';
import { painter } from '../../../src/cli/output/display/painter.ts';
import { plainDisplay } from '../../../src/cli/output/display/plain.ts';
import { advance, noProgress, type Progress } from '../../../src/cli/output/display/progress.ts';
import { renderTree } from '../../../src/cli/output/display/tree.ts';
import { style, width } from '../../../src/cli/output/style.ts';
import type { Surroundings } from '../../../src/cli/surroundings.ts';
import type { HaupEvent } from '../../../src/cluster/loop/events.ts';
import type { Step } from '../../../src/cluster/plan/step.ts';
import { paper, planOf } from './fake.ts';

const plain = style({ colour: false });
const colourful = style({ colour: true });

const create: Step = { kind: 'create-machine', replica: 'demo-master', zone: 'local-a' };
const provision: Step = { kind: 'provision', replica: 'demo-master' };
const reserve: Step = { kind: 'reserve-address' };
const start: Step = { kind: 'start-control-plane', replica: 'demo-master' };

/** The progress after these events, each a second after the one before. */
function progressAfter(...events: HaupEvent[]): Progress {
  return events.reduce((progress, event, index) => advance(progress, event, index * 1000), noProgress);
}

describe('the live tree', () => {
  const options = {
    title: 'haup create demo',
    now: 5000,
    startedAt: 0,
    columns: 100,
    rows: 99,
    style: plain,
  };
  const events: HaupEvent[] = [
    { type: 'plan', plan: planOf([reserve, create, provision, start]) },
    { type: 'step-started', step: reserve },
    { type: 'step-finished', step: reserve, seconds: 0.1 },
    { type: 'step-started', step: create },
    { type: 'step-finished', step: create, seconds: 0.9 },
    { type: 'step-started', step: provision },
    { type: 'step-waiting', step: provision, message: 'sshd on demo-master' },
  ];

  it('has a branch for each thing, with what is done, what runs and waits, and what comes', () => {
    expect(renderTree(progressAfter(...events), { ...options, now: 8200 })).toEqual([
      'haup create demo  2 of 4 steps, 8.2s',
      '├─ API address',
      '│  └─ ✔ reserve the API address                                  0.1s',
      '└─ demo-master',
      '   ├─ ✔ create the machine demo-master in local-a                0.9s',
      '   ├─ ⠹ provision demo-master                                    3.2s  sshd on demo-master',
      '   └─ · start the control plane on demo-master',
    ]);
  });

  it('gives what is waited for a line of its own where the terminal is narrow, and cuts no warning', () => {
    const risk = 'between two promotions both of two voters are needed: either failure stops etcd';
    const progress = progressAfter(...events, { type: 'warning', message: risk });
    const lines = renderTree(progress, { ...options, columns: 79 });
    expect(lines.slice(-5)).toEqual([
      expect.stringMatching(/^ {3}├─ . provision demo-master +\S+s$/),
      '   │    sshd on demo-master',
      '   └─ · start the control plane on demo-master',
      '! between two promotions both of two voters are needed: either failure stops',
      '  etcd',
    ]);
  });

  it('cuts a long sentence rather than what the step took', () => {
    const targets = ['demo-master', 'demo-master-k2x', 'demo-master-m3q', 'demo-master-z9p'];
    const set: Step = { kind: 'set-targets', targets };
    const done = progressAfter(
      { type: 'step-started', step: set },
      { type: 'step-finished', step: set, seconds: 0.6 },
    );
    const line = renderTree(done, { ...options, columns: 79 }).at(-1)!;
    expect(line).toMatch(/ set the load balancer's targets to demo-master, .*… 0\.6s$/);
    expect(width(line)).toBeLessThanOrEqual(79);
  });

  it('leaves detail out until it fits, but never what runs', () => {
    const progress = progressAfter(...events);
    expect(renderTree(progress, { ...options, rows: 6 })).toHaveLength(6);
    expect(renderTree(progress, { ...options, rows: 6 })[1]).toMatch(/^├─ ✔ API address: 1 step +0\.1s$/);
    for (const rows of [5, 4, 3]) {
      const lines = renderTree(progress, { ...options, rows });
      expect(lines.length).toBeLessThanOrEqual(rows);
      expect(lines.join('\n')).toContain('provision demo-master');
    }
  });

  it('is never wider than the terminal', () => {
    const lines = renderTree(progressAfter(...events), { ...options, columns: 30, style: colourful });
    for (const line of lines) expect(width(line)).toBeLessThanOrEqual(30);
  });

  it('shows why a step failed, on one line, without control characters', () => {
    const failed = progressAfter(
      { type: 'step-started', step: provision },
      { type: 'step-failed', step: provision, seconds: 61, error: 'no\nanswer\x1b[2J' },
    );
    expect(renderTree(failed, options).at(-1)).toMatch(/✘ provision demo-master +1m01s {2}no answer \[2J$/);
  });

  it('keeps what has begun when a new plan comes, and replaces what has not', () => {
    const progress = progressAfter(
      { type: 'plan', plan: planOf([reserve, create, start]) },
      { type: 'step-started', step: reserve },
      { type: 'plan', plan: planOf([reserve, provision]) },
    );
    expect(progress.entries.map((entry) => [entry.step.kind, entry.state])).toEqual([
      ['reserve-address', 'running'],
      ['provision', 'pending'],
    ]);
  });

  it('counts a step that runs twice as two', () => {
    const twice = progressAfter(
      { type: 'step-started', step: create },
      { type: 'step-failed', step: create, seconds: 1, error: 'stock-out' },
      { type: 'step-started', step: create },
      { type: 'step-finished', step: create, seconds: 2 },
    );
    expect(twice.entries.map((entry) => entry.state)).toEqual(['failed', 'done']);
  });

  it('shows work outside the steps, and warnings, below it', () => {
    const progress = progressAfter(
      { type: 'progress', topic: 'etcd', message: 'downloading etcd: 10 %' },
      { type: 'progress', topic: 'etcd', message: 'downloading etcd: 40 %' },
      { type: 'warning', message: 'careful' },
      { type: 'warning', message: 'careful' },
    );
    expect(renderTree(progress, options)).toEqual(['… downloading etcd: 40 %', '! careful']);
  });
});

describe('painting on a terminal', () => {
  it('overwrites the last frame line by line, in one write', () => {
    const writes: string[] = [];
    const screen = paper({ isTTY: true, draw: (text) => writes.push(text) });
    const painted = painter(screen);
    painted.paint(['one', 'two']);
    painted.paint(['three']);
    painted.leave(['end']);
    expect(writes).toEqual([
      '\x1b[?25lone\x1b[K\ntwo\x1b[K\n\x1b[J',
      '\x1b[?25l\x1b[2A\rthree\x1b[K\n\x1b[J',
      '\x1b[1A\r\x1b[Jend\n\x1b[?25h',
    ]);
  });

  it('goes back over as many rows as a narrower terminal has made of the lines', () => {
    const screen = paper({ isTTY: true });
    const painted = painter(screen);
    painted.paint(['x'.repeat(70), 'y']);
    screen.columns = 30;
    painted.paint(['z']);
    expect(screen.text).toContain('\x1b[4A\r\x1b[Jz');
  });

  it('writes nothing while there is nothing to show', () => {
    const screen = paper({ isTTY: true });
    painter(screen).paint([]);
    painter(screen).leave([]);
    expect(screen.text).toBe('');
  });
});

describe('plain lines', () => {
  function log(): { emit(event: HaupEvent, seconds: number): void; lines(): string[] } {
    let now = 0;
    const err = paper();
    const display = plainDisplay({ err, now: () => now } as unknown as Surroundings);
    return {
      emit(event, seconds) {
        now = seconds * 1000;
        display.emit(event);
      },
      lines: () => err.text.trimEnd().split('\n'),
    };
  }

  it('say what begins and ends, and what is waited for when that takes long', () => {
    const { emit, lines } = log();
    emit({ type: 'step-started', step: provision }, 1);
    emit({ type: 'step-waiting', step: provision, message: 'sshd' }, 2);
    emit({ type: 'step-waiting', step: provision, message: 'sshd' }, 7);
    emit({ type: 'step-waiting', step: provision, message: 'sshd' }, 14);
    emit({ type: 'step-finished', step: provision, seconds: 14.2 }, 15);
    expect(lines()).toEqual([
      '00:00:01 start    provision demo-master',
      '00:00:07 waiting  provision demo-master: sshd',
      '00:00:15 done     provision demo-master (14s)',
    ]);
  });

  it('say a warning once, and a download now and then', () => {
    const { emit, lines } = log();
    emit({ type: 'plan', plan: planOf([provision], { warnings: ['careful'] }) }, 0);
    emit({ type: 'warning', message: 'careful' }, 9);
    for (const second of [10, 11, 12, 16]) {
      emit({ type: 'progress', topic: 'etcd', message: `etcd: ${second} %` }, second);
    }
    expect(lines()).toEqual([
      '00:00:00 plan     1 step',
      '00:00:00 warning  careful',
      '00:00:10 note     etcd: 10 %',
      '00:00:16 note     etcd: 16 %',
    ]);
  });
});

describe('the live display', () => {
  function live() {
    const err = paper({ isTTY: true });
    let ticks: (() => void)[] = [];
    const world = {
      err,
      now: () => 0,
      every: (_: number, tick: () => void) => {
        ticks.push(tick);
        return () => {
          ticks = ticks.filter((one) => one !== tick);
        };
      },
    } as unknown as Surroundings;
    const display = openDisplay('text', 'haup create demo', world);
    return { display, err, ticks: () => ticks };
  }

  it('draws on each tick, stops when it is settled, and begins anew afterwards', () => {
    const { display, err, ticks } = live();
    display.emit({ type: 'step-started', step: create });
    expect(err.text).toBe('');
    ticks()[0]!();
    expect(err.text).toContain('create the machine');
    display.settle();
    expect(ticks()).toEqual([]);
    const before = err.text.length;
    display.emit({ type: 'step-started', step: reserve });
    ticks()[0]!();
    expect(err.text.slice(before)).not.toContain('create the machine');
  });

  it('leaves out in the end what was planned and proved unnecessary, but not what a failure kept from running', () => {
    const done = live();
    const failed = live();
    const events: HaupEvent[] = [
      { type: 'plan', plan: planOf([reserve, create, start]) },
      { type: 'step-started', step: reserve },
      { type: 'step-finished', step: reserve, seconds: 1 },
      { type: 'step-started', step: create },
    ];
    for (const event of events) {
      done.display.emit(event);
      failed.display.emit(event);
    }
    done.display.emit({ type: 'step-finished', step: create, seconds: 1 });
    failed.display.emit({ type: 'step-failed', step: create, seconds: 1, error: 'quota' });
    expect(done.display.finished()).toEqual([reserve, create]);
    expect(failed.display.left()).toMatchObject({
      doing: [expect.any(String)],
      toCome: [expect.any(String)],
    });
    done.display.settle();
    failed.display.settle();
    expect(done.err.text).not.toContain('start the control plane');
    expect(failed.err.text).toContain('· start the control plane');
    expect(failed.err.text.endsWith('\x1b[?25h')).toBe(true);
  });
});
