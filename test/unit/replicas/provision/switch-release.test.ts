import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { shellScript } from '../../../../src/ssh/script.ts';

const script = shellScript('replicas/scripts/switch-release.sh', [
  ...(['releases', 'current', 'previous', 'staged', 'units', 'marker_file'] as const),
  ...(['change', 'stopped', 'restarts', 'finish'] as const),
]);

test('a release comes into force also where there is no unit of a helper that only other masters have', () => {
  const folder = mkdtempSync(join(tmpdir(), 'haup-switch-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const at = (name: string): string => join(folder, name);
  for (const name of [
    'bin',
    'units',
    'releases',
    'releases/a',
    'releases/a/units',
    'releases/b',
    'releases/b/units',
  ])
    mkdirSync(at(name));
  for (const name of ['a', 'b']) {
    writeFileSync(at(`releases/${name}/units/here.service`), name);
    writeFileSync(at(`releases/${name}/marker.json`), JSON.stringify({ change: name }));
  }
  symlinkSync(at('releases/a'), at('current'));
  symlinkSync(at('releases/b'), at('staged'));
  // As systemd does, it fails on a unit that it does not know.
  writeFileSync(
    at('bin/systemctl'),
    `#!/bin/sh\necho "$@" >>${at('asked')}\ncase "$*" in *elsewhere*) exit 5 ;; esac\n`,
  );
  chmodSync(at('bin/systemctl'), 0o755);
  const text = script({
    ...{ releases: at('releases'), current: at('current'), previous: at('previous') },
    ...{ staged: at('staged'), units: at('units'), marker_file: at('marker.json') },
    ...{ change: 'b', stopped: '', restarts: 'here.service elsewhere.service', finish: '' },
  });
  execFileSync('sh', ['-c', text], { env: { PATH: `${at('bin')}:${process.env.PATH}` } });
  expect(readFileSync(at('asked'), 'utf8')).toContain('try-restart --no-block here.service');
  expect(readFileSync(at('asked'), 'utf8')).not.toContain('elsewhere');
  expect(readFileSync(at('current/units/here.service'), 'utf8')).toBe('b');
});
