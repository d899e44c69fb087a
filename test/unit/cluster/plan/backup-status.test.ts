import { describe, expect, test } from 'vitest';
import { nothing } from '../../../../src/cluster/model/observation.ts';
import { backupStatus, backupWarnings } from '../../../../src/cluster/plan/backup-status.ts';
import { emptyInside } from '../../../../src/cluster/plan/steps/effects.ts';
import type { BackupReport } from '../../../../src/replicas/backup/report.ts';
import { specOf } from '../../../support/clusters.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const keep = { allHours: 1, hourlyDays: 1, dailyDays: 30 };
const spec = {
  ...specOf(['m0@local-a', 'm1@local-b']),
  backup: { to: '/srv/demo', everySeconds: 60, keep, generation: 1 },
};
const at = (seconds: number) => new Date(NOW + 1000 * seconds).toISOString().replace('.000', '');
const report = (taken: number | null, failed: number | null = null): BackupReport => ({
  generation: 1,
  last:
    taken === null
      ? null
      : { id: `id${-taken}`, taken: at(taken), finished: at(taken + 2), size: 1, added: '', store: 1 },
  failure: failed === null ? null : { at: at(failed), words: 'restic: no space left on device' },
});
const seen = (...reports: (BackupReport | null)[]) => ({
  ...nothing,
  machines: reports.map((backup, i) => ({
    ...{ name: `m${i}`, zone: 'local-a', state: 'running' as const, internalIp: '', externalIp: null },
    inside: { ...emptyInside, backup },
  })),
});
const warnings = (...reports: (BackupReport | null)[]) => backupWarnings(spec, seen(...reports), NOW);

describe('backups in the status', () => {
  test('are the newest of all masters', () => {
    expect(backupStatus(spec, seen(report(-300), report(-40)), NOW)).toMatchObject({
      last: { id: 'id40', by: 'm1' },
      failure: null,
      late: false,
    });
    expect(warnings(report(-300), report(-40))).toEqual([]);
    expect(backupStatus({}, seen(report(-40)), NOW)).toBeNull();
  });

  test('are late when two were missed, and a minute more', () => {
    expect(warnings(report(-180))).toEqual([]);
    expect(warnings(report(-181))).toEqual([
      expect.objectContaining({ says: expect.stringMatching(/late: one is wanted every 60 s/) }),
    ]);
  });

  test('that never began are late as if one had been taken when they were set up, on the master that is told of them last', () => {
    const none = (since: number) => ({ ...report(null), since: at(since) });
    expect(warnings(none(-180))).toEqual([]);
    expect(warnings(none(-181), report(null))).toEqual([
      expect.objectContaining({ says: expect.stringMatching(/late: .*there is none yet/) }),
    ]);
    expect(warnings(none(-9000), none(-20), none(-8000))).toEqual([]);
    expect(warnings(none(-9000), report(-20))).toEqual([]);
  });

  test('that a wrong clock has dated in the future do not hide that others are late', () => {
    const status = backupStatus(spec, seen(report(86_400), report(-181)), NOW)!;
    expect([status.last?.id, status.late]).toEqual(['id181', true]);
    expect(backupStatus(spec, seen(report(600), report(-181)), NOW)).toMatchObject({
      last: { by: 'm0' },
      late: false,
    });
    expect(backupStatus(spec, seen(report(86_400)), NOW)).toMatchObject({ last: { by: 'm0' }, late: false });
  });

  test('that fail by a clock of the future fail no longer than until the next one, where the date of that is believed', () => {
    const failing = (...reports: BackupReport[]) => backupStatus(spec, seen(...reports), NOW)?.failure?.by;
    expect(failing(report(-300, 601), report(-40))).toBeUndefined();
    expect(failing(report(-300, 600), report(-40))).toBe('m0');
    expect(failing(report(-40, 601), report(-40, -10))).toBe('m1');
    // Where no date is believed, it may be our clock that is wrong; and where there is no backup, none has succeeded since.
    expect(failing(report(3600, 3610))).toBe('m0');
    expect(failing(report(3600, 3500))).toBeUndefined();
    expect(failing(report(null, 3600))).toBe('m0');
  });

  test('that fail are said to, in restic’s words, until one succeeds, wherever', () => {
    expect(warnings(report(-100, -40))).toEqual([
      expect.objectContaining({ says: expect.stringMatching(/fail on m0 .*id100.*no space left/) }),
    ]);
    expect(warnings(report(null, -40))).toEqual([
      expect.objectContaining({ says: expect.stringMatching(/there is none yet/) }),
    ]);
    expect(warnings(report(-100, -40), report(-20))).toEqual([]);
  });

  test('that a lock keeps out say what removes it', () => {
    const locked = report(-100, -40);
    const words = 'restic: repository is already locked exclusively by PID 7 on laptop';
    const failure = { at: at(-40), words };
    expect(warnings({ ...locked, failure })).toMatchObject([{ remedy: { command: 'backup prune' } }]);
    expect(warnings(locked)).toMatchObject([{ remedy: { command: 'backup create' } }]);
  });

  test('of which nobody could be asked are not called anything', () => {
    expect(warnings(null, null)).toEqual([]);
  });

  test('are compared by when they were taken, and failures by when they were met, whatever the order of masters', () => {
    for (const reports of [
      [report(-300, -20), report(-40, -10)],
      [report(-40, -10), report(-300, -20)],
    ]) {
      const status = backupStatus(spec, seen(...reports), NOW)!;
      expect(status.last?.id).toBe('id40');
      expect(status.failure?.at).toBe(at(-10));
    }
    const same = backupStatus(spec, seen(report(-40, -10), report(-40, -10)), NOW)!;
    expect([same.last?.by, same.failure?.by]).toEqual(['m1', 'm1']);
  });

  test('that fail at the moment at which one has succeeded have not failed since', () => {
    expect(backupStatus(spec, seen(report(-40, -38)), NOW)?.failure).toBeNull();
    expect(backupStatus(spec, seen(report(-40, -37)), NOW)?.failure).not.toBeNull();
  });

  test('are nothing where none are wanted, where nobody can look, and before the first one', () => {
    const { backup: _, ...without } = spec;
    expect(backupWarnings(without, seen(report(-300, -20)), NOW)).toEqual([]);
    const blind = {
      ...nothing,
      machines: seen(null).machines.map((machine) => ({ ...machine, inside: null })),
    };
    expect(backupStatus(spec, blind, NOW)).toMatchObject({ last: null, failure: null });
    expect(backupStatus(spec, seen(report(null)), NOW)).toMatchObject({ last: null, failure: null });
  });
});
