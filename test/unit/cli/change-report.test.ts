import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EngineOptions } from '../../../src/app/engine.ts';
import { commands } from '../../../src/cli/commands/index.ts';
import type { ChangeReport } from '../../../src/cli/report/document.ts';
import { changePage } from '../../../src/cli/report/page.ts';
import type { Plan } from '../../../src/cluster/plan/plan.ts';
import { makePlan } from '../../../src/cluster/plan/plan.ts';
import { withReplicas } from '../../../src/cluster/plan/spec-changes.ts';
import type { Step } from '../../../src/cluster/plan/step.ts';
import { text } from '../../../src/drill/page/html.ts';
import { converged, nameOf, specOf } from '../../support/clusters.ts';
import { haup, outcome } from './fake.ts';

const spec = { ...specOf(['m0@local-a']), multizone: true };
const grown = withReplicas(spec, ['local-b', 'local-c'], nameOf);
const interruption = { promotion: [1, 2], demotion: [1, 2], replacement: [1, 2], note: null } as const;
const plan: Plan = makePlan(grown, converged(spec), { interruption });

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haup-report-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs `haup add-replica --report`, in which the engine says this; a tenth of a second goes by at each look at the clock. */
async function reported(
  say: (emit: EngineOptions['emit'], at: () => number) => void | Promise<void>,
  ...more: string[]
) {
  let now = Date.UTC(2026, 10, 26);
  const clock = () => {
    now += 100;
    return now;
  };
  let emit: EngineOptions['emit'] = () => {};
  const file = join(folder, 'page.html');
  const ran = await haup(['add-replica', '-c', 'demo', '--zone', 'local-b', '--report', file, ...more], {
    opened: (options) => {
      emit = options.emit;
    },
    engine: {
      addReplicas: async ({ dryRun }) => {
        emit({ type: 'plan', plan });
        await say(emit, () => now);
        return { ...outcome, plan, executed: !dryRun };
      },
    },
    world: { now: clock },
  });
  const report = JSON.parse(readFileSync(join(folder, 'page.json'), 'utf8')) as ChangeReport;
  return { ran, report, html: readFileSync(file, 'utf8') };
}

const steps = plan.steps.map(({ step }) => step);

function run(emit: EngineOptions['emit'], ...which: Step[]): void {
  for (const step of which) emit({ type: 'step-started', step });
  for (const step of which) emit({ type: 'step-finished', step, seconds: 1 });
}

describe('--report of a changing command', () => {
  test('is there for each command that has a dry run and changes a cluster', () => {
    const without = commands
      .filter((command) => 'dryRun' in command.flags && !('changeReport' in command.flags))
      .map(({ name }) => name)
      // A federation's commands are about several clusters, each of which has its own.
      .filter((name) => !name.startsWith('federation '));
    // A drill has a report of its own; the others change no machine, or one only at a time and all day.
    expect(without.toSorted()).toEqual(['backup prune', 'drill', 'guard', 'store move']);
  });

  test('says what was done when, side by side as it ran, and how the API answered meanwhile', async () => {
    const { ran, report, html } = await reported((emit, at) => {
      const [first, second, ...others] = steps;
      run(emit, first!, second!);
      for (let n = 0; n < 20; n++) emit({ type: 'read', at: at(), ms: 5, failed: n >= 5 && n < 18 });
      run(emit, ...others);
    });
    expect([ran.code, ran.options?.reads]).toEqual([0, true]);
    expect(ran.err).toContain(`report: ${join(folder, 'page.html')}, ${join(folder, 'page.json')}`);
    expect(ran.err).not.toContain('read');
    expect(report).toMatchObject({ command: 'add-replica', cluster: 'demo', dryRun: false, error: null });
    expect(report.steps).toHaveLength(steps.length);
    const [first, second] = report.steps;
    // Both ran at once.
    expect(second!.at).toBeLessThan(first!.until!);
    expect(report.reads).toHaveLength(20);
    for (const { what } of report.steps) expect(html).toContain(`${text(what)} · `);
    expect(html).toContain('<b>13 of 20</b><span>reads on new connections failed</span>');
    expect(html).toMatch(/no success for 1\.\d s/);
    // As drawn: the widths of two bars are as their times.
    const widths = [...html.matchAll(/class="step done">.*?width="([\d.]+)"/g)].map(([, width]) =>
      Number(width),
    );
    expect(widths).toHaveLength(steps.length);
    const ratio = widths[0]! / widths.at(-1)!;
    const last = report.steps.at(-1)!;
    expect(ratio).toBeCloseTo((first!.until! - first!.at) / (last.until! - last.at), 1);
  });

  test('of a dry run shows the topology before and after, and the quorum at each step', async () => {
    const { report, html, ran } = await reported(() => {}, '--dry-run');
    expect([ran.code, report.dryRun, report.steps]).toEqual([0, true, []]);
    expect(report.plan!.before.machines.map(({ name }) => name)).toEqual(['m0']);
    expect(report.plan!.after.machines.map(({ name, member }) => [name, member])).toEqual([
      ['m0', 'leader'],
      ['m1', 'voter'],
      ['m2', 'voter'],
    ]);
    expect(report.plan!.after.address?.holder).toBe('balancer');
    expect(html.match(/<svg class="topology"/g)).toHaveLength(2);
    expect(html).toContain('etcd: leader');
    expect(html).not.toContain('What happened');
    const rows = html.split('<tr>').filter((row) => row.startsWith('<td>'));
    expect(rows).toHaveLength(plan.steps.length);
    expect(rows.at(-1)).toContain('<td>3</td><td>0</td><td>3</td><td>2</td><td>1</td>');
  });

  test('of a change that fails says what it was at, and why it ended', async () => {
    const { ran, report, html } = await reported((emit) => {
      emit({ type: 'step-started', step: steps[0]! });
      emit({ type: 'step-failed', step: steps[0]!, seconds: 1, error: 'no <capacity>' });
      emit({ type: 'step-started', step: steps[1]! });
      throw new Error('the cloud said no');
    });
    expect(ran.code).not.toBe(0);
    expect(report.steps.map(({ failed, until }) => [failed, until === null])).toEqual([
      ['no <capacity>', false],
      [null, true],
    ]);
    expect(report.error).toContain('the cloud said no');
    expect(html).toContain('did not come to its end');
    expect(html).toContain('no &lt;capacity&gt;');
    expect(html).not.toContain('no <capacity>');
  });

  test('needs nothing but itself, and follows from its JSON alone', async () => {
    const { report, html } = await reported((emit) => run(emit, ...steps));
    expect(html).toBe(changePage(report));
    expect(html).not.toMatch(/(src|href)=|url\(|@import|<script/);
  });

  test('is said not to have been written, and the command fails, where there is no room', async () => {
    const file = join(folder, 'none', 'page.html');
    const ran = await haup(['repair', '-c', 'demo', '--report', file]);
    expect([ran.code === 0, ran.err]).toEqual([false, expect.stringContaining('none')]);
  });
});
