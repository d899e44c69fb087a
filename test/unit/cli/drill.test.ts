import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { DrillOutcome } from '../../../src/app/drill.ts';
import { planDrill } from '../../../src/drill/plan.ts';
import { newSealingKey, publicHalf, seal } from '../../../src/drill/seal.ts';
import { converged, specOf } from '../../support/clusters.ts';
import { logWith, logWithWorkload } from '../drill/report.ts';
import { haup } from './fake.ts';

const key = newSealingKey();
const means = { provider: 'local', power: true, machines: true, balancer: true };
const planned = planDrill(
  ['leader-power'],
  converged(specOf(['m0@local-a', 'm1@local-b', 'm2@local-c'])),
  means,
);

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'haup-drill-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

function drilled(outageMs: number): { drill: () => Promise<DrillOutcome> } {
  return { drill: async () => ({ planned, report: seal(logWith(outageMs), key) }) };
}

describe('haup drill', () => {
  test('breaks nothing unless it is told to, or answered', async () => {
    const silent = await haup(['drill', '-c', 'demo']);
    expect(silent).toMatchObject({ code: 2, calls: [] });
    expect(silent.err).toMatch(/--yes is missing/);
    const asked = await haup(['drill', '-c', 'demo'], {
      engine: drilled(0),
      world: { interactive: true, ask: async () => 'other' },
    });
    expect(asked.code).toBe(1);
    expect(asked.calls.map(({ arguments: [request] }) => request)).toMatchObject([{ dryRun: true }]);
  });

  test('shows what it would do, and that it would be refused', async () => {
    const good = await haup(['drill', '-c', 'demo', '--dry-run'], {
      engine: { drill: async () => ({ planned, report: null }) },
    });
    expect(good.code).toBe(0);
    expect(good.out).toMatch(/m0, which leads etcd, loses its power +3 → 2 of 3 +2 +yes/);
    const two = planDrill(['freeze'], converged(specOf(['m0', 'm1'])), means);
    const bad = await haup(['drill', '-c', 'demo', '--dry-run'], {
      engine: { drill: async () => ({ planned: two, report: null }) },
    });
    expect(bad.code).toBe(3);
    expect(bad.out).toMatch(/refused: freeze: etcd would have 1 healthy voters of 2/);
  });

  test('writes a page and the same for programs, and ends with 5 when a goal is missed', async () => {
    const page = join(folder(), 'report.html');
    const args = ['drill', '-c', 'demo', '--yes', '--report', page];
    const missed = await haup(args, { engine: drilled(3000) });
    expect(missed.code).toBe(5);
    expect(missed.out).toMatch(/missed: leader-power: writes-resume was 3 s, wanted at most 2 s/);
    expect(readFileSync(page, 'utf8')).toMatch(/^<!doctype html>/);
    expect(JSON.parse(readFileSync(page.replace('.html', '.json'), 'utf8'))).toMatchObject({
      log: { cluster: 'demo' },
    });
    expect((await haup(args, { engine: drilled(0) })).code).toBe(0);
  });

  test('shows what a client of the workload met', async () => {
    const report = seal(logWithWorkload(3000), key);
    const args = ['drill', '-c', 'demo', '--yes', '--report', join(folder(), 'report.html')];
    const { code, out } = await haup(args, { engine: { drill: async () => ({ planned, report }) } });
    expect(code).toBe(5);
    expect(out).toMatch(/WORKLOAD SILENT +FAILED +WELL AFTER/);
    expect(out).toMatch(/3 s +30 of 400 +5 s/);
    expect(out).toMatch(/missed: leader-power: workload-resumes was 3 s, wanted at most 2 s/);
  });

  test.each([
    ['https://shop.example.com/healthz?token=1', new URL('https://shop.example.com/healthz?token=1')],
    ['none', null],
  ])('asks of the workload what it is told to: %s', async (said, workload) => {
    const args = ['drill', '-c', 'demo', '--yes', '--report', join(folder(), 'report.html')];
    const { calls } = await haup([...args, '--workload', said], { engine: drilled(0) });
    expect(calls[0]!.arguments[0]).toMatchObject({ workload });
  });

  test.each(['shop', 'ftp://shop.example.com/', 'https://me:secret@shop.example.com/'])(
    'asks nothing like %s',
    async (said) => {
      const { code, err } = await haup(['drill', '-c', 'demo', '--yes', '--workload', said]);
      expect(code).toBe(2);
      expect(err).toMatch(/--workload must be none, or a URL without a password/);
    },
  );

  test('begins nothing of which no report could be written', async () => {
    const here = folder();
    for (const page of [join(here, 'none', 'report.html'), here]) {
      const { code, err, calls } = await haup(['drill', '-c', 'demo', '--yes', '--report', page]);
      expect([code, calls]).toEqual([2, []]);
      expect(err).toMatch(/--report: /);
    }
  });

  test('refuses a goal that nothing would be measured for', async () => {
    const goal = ['--goal', 'zone:recovery=60s'];
    const { code, err, calls } = await haup(['drill', '-c', 'demo', '--yes', '--acts', 'freeze', ...goal]);
    expect([code, calls]).toEqual([2, []]);
    expect(err).toMatch(/--goal zone:recovery: zone is not played; --acts names freeze/);
  });

  test('ends with 5 when the cluster did not get well again', async () => {
    const { acts, ...log } = { ...logWith(0), goals: [] };
    const report = seal({ ...log, acts: acts.map((act) => ({ ...act, wellAt: null })) }, key);
    const { code, out } = await haup(
      ['drill', '-c', 'demo', '--yes', '--report', join(folder(), 'report.html')],
      { engine: { drill: async () => ({ planned, report }) } },
    );
    expect(code).toBe(5);
    expect(out).toMatch(/leader-power: not everything got well again in time/);
  });

  test('hands on what is to be played, and wanted', async () => {
    const page = join(folder(), 'report.html');
    const wants = [
      '--goal',
      'writes-resume=1.5s,zone:failed-reads=0',
      '--acts',
      'zone,freeze',
      '--for',
      '20s',
    ];
    const { calls } = await haup(['drill', '-c', 'demo', '--yes', '--report', page, ...wants], {
      engine: drilled(0),
    });
    expect(calls[0]!.arguments[0]).toEqual({
      cluster: 'demo',
      acts: ['zone', 'freeze'],
      holdMs: 20_000,
      goals: [
        { goal: 'writes-resume', act: null, most: 1.5 },
        { goal: 'failed-reads', act: 'zone', most: 0 },
      ],
      dryRun: false,
    });
  });

  test.each(['writes', 'writes-resume=fast', 'failed-reads=1s', 'moon:recovery=1s', 'recovery='])(
    'understands no goal %s',
    async (goal) => {
      const { code, err } = await haup(['drill', '-c', 'demo', '--yes', '--goal', goal]);
      expect(code).toBe(2);
      expect(err).toMatch(/--goal/);
    },
  );

  test('says whose report a file is', async () => {
    const file = join(folder(), 'report.json');
    const text = JSON.stringify(seal(logWith(3000), key));
    writeFileSync(file, text);
    const check = (drillKey: string | null) =>
      haup(['drill', '--check', file], { engine: { drillKey: async () => drillKey } });
    expect(await check(publicHalf(key))).toMatchObject({ code: 0, out: expect.stringMatching(/unchanged/) });
    expect(await check(null)).toMatchObject({ code: 0, out: expect.stringMatching(/knows no key of demo/) });
    expect(await check(publicHalf(newSealingKey()))).toMatchObject({
      code: 5,
      out: expect.stringMatching(/another key/),
    });
    writeFileSync(file, text.replace('[20000,1000,1]', '[20000,1000,0]'));
    expect(await check(publicHalf(key))).toMatchObject({
      code: 2,
      err: expect.stringMatching(/was changed/),
    });
  });
});
