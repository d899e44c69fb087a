import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { shellScript } from '../../../../src/ssh/script.ts';
import { archive } from '../../../../src/util/host/archive.ts';

const where = ['releases', 'current', 'previous', 'staged', 'units', 'marker_file'] as const;
const script = shellScript('replicas/scripts/exchange.sh', [
  ...(['digest', 'restarts', 'started', 'replaced'] as const),
  ...where,
]);

test('files are exchanged on a master that lacks one of the units that have read them: a federation’s', () => {
  const folder = mkdtempSync(join(tmpdir(), 'haup-exchange-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const at = (name: string): string => join(folder, name);
  for (const name of ['bin', 'units', 'releases/a/pki', 'releases/left'])
    mkdirSync(at(name), { recursive: true });
  writeFileSync(at('releases/a/pki/one.crt'), 'old');
  writeFileSync(at('units/here.service'), '');
  symlinkSync(at('releases/a'), at('current'));
  // As systemd does, it fails on a unit that it does not know.
  writeFileSync(
    at('bin/systemctl'),
    `#!/bin/sh\necho "$@" >>${at('asked')}\ncase "$*" in *elsewhere*) exit 5 ;; esac\n`,
  );
  chmodSync(at('bin/systemctl'), 0o755);
  const paths = Object.fromEntries(where.map((name) => [name, at(name)])) as Record<
    (typeof where)[number],
    string
  >;
  const restarts = 'here.service elsewhere.service';
  const text = script({ ...paths, digest: 'new', restarts, started: '', replaced: '' });
  const { status, stderr } = spawnSync('sh', ['-c', text], {
    env: { PATH: `${at('bin')}:${process.env.PATH}` },
    input: archive([{ path: 'pki/one.crt', content: 'renewed', mode: 0o644, owner: userInfo().username }]),
  });
  expect([status, String(stderr)]).toEqual([0, '']);
  expect(readFileSync(at('asked'), 'utf8')).toBe('try-restart --no-block here.service\n');
  expect(readFileSync(at('current/pki/one.crt'), 'utf8')).toBe('renewed');
  expect(readlinkSync(at('current'))).toBe(at('releases/new'));
});
