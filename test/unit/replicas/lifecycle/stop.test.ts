import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { stopScript } from '../../../../src/replicas/lifecycle/stop.ts';
import { paths } from '../../../../src/replicas/paths.ts';

/** Runs the script where `systemctl` is what the test says it is, and `a.service` alone is installed. */
function run(systemctl: string): { code: number | null; asked: string[]; stderr: string } {
  const folder = mkdtempSync(join(tmpdir(), 'haup-stop-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const log = join(folder, 'log');
  writeFileSync(
    join(folder, 'systemctl'),
    `#!/bin/sh\necho "$*" >>${log}\ncount=$(wc -l <${log})\n${systemctl}\n`,
  );
  chmodSync(join(folder, 'systemctl'), 0o755);
  writeFileSync(join(folder, 'a.service'), '');
  writeFileSync(log, '');
  const script = stopScript(['a.service', 'b.service']).replaceAll(paths.units, folder);
  const { status, stderr } = spawnSync('sh', ['-c', script], {
    env: { PATH: `${folder}:${process.env.PATH}` },
    encoding: 'utf8',
  });
  return { code: status, stderr, asked: execFileSync('cat', [log], { encoding: 'utf8' }).trim().split('\n') };
}

describe('stopping units for good', () => {
  test('leaves out what was never installed', () => {
    expect(run('exit 0')).toMatchObject({ code: 0, asked: ['disable -q a.service', 'stop a.service'] });
  });

  test('is tried again when systemd was about to start the unit', () => {
    const overtaken = run('case "$1 $count" in "stop 2") exit 1 ;; esac; exit 0');
    expect(overtaken).toMatchObject({
      code: 0,
      asked: ['disable -q a.service', 'stop a.service', 'stop a.service'],
    });
  });

  test('is judged by what runs in the end', () => {
    expect(run('case "$1" in stop) exit 1 ;; is-active) echo failed; exit 3 ;; esac').code).toBe(0);
    const runs = run('case "$1" in stop) exit 1 ;; is-active) echo active ;; esac');
    expect(runs).toMatchObject({ code: 1, stderr: expect.stringContaining('a.service is still active') });
  });
});
