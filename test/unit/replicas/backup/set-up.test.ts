import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { shellScript } from '../../../../src/ssh/script.ts';
import { tryExec } from '../../../../src/util/exec.ts';
import { archive } from '../../../../src/util/host/archive.ts';
import { fakeProgram } from '../../../support/fake-program.ts';

/** A machine, of programs that do nothing but what they are told here. */
let folder: string;
const at = (name: string): string => join(folder, name);

const program = (name: string, script: string): void => fakeProgram(folder, name, script);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haup-set-up-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(at('units'));
  for (const name of ['restic', 'systemd-sysusers', 'systemctl']) program(name, '');
});

async function setUp(generation: number): Promise<number> {
  const script = shellScript('replicas/scripts/set-up-backup.sh', ['folder', 'units', 'timer', 'user']);
  const text = script({ folder: at('backup'), units: at('units'), timer: 'b.timer', user: 'haup-backup' });
  const file = (path: string, content: string) => ({ path, content, mode: 0o644, owner: 'root' });
  const input = archive([
    file('password', `p${generation}`),
    file('generation', `${generation}\n`),
    file('units/b.timer', `t${generation}`),
  ]).toString('latin1');
  const env = { PATH: `${folder}:${process.env.PATH}` };
  const { code } = await tryExec('sh', ['-c', text], { env, input });
  return code;
}

/** What the machine is known by, as a look at it reads that; null: by nothing. */
function known(): string | null {
  return existsSync(at('backup/generation')) ? readFileSync(at('backup/generation'), 'utf8') : null;
}

test('a machine is known to have been told of backups when it takes them, and not before', async () => {
  program('systemctl', `[ "$1" != enable ] || exit 1`);
  expect(await setUp(1)).not.toBe(0);
  expect(known()).toBeNull();
  program('systemctl', `[ "$1" != enable ] || cp ${folder}/units/b.timer ${folder}/enabled`);
  expect(await setUp(1)).toBe(0);
  expect([known(), readFileSync(at('enabled'), 'utf8')]).toEqual(['1\n', 't1']);
  expect(readdirSync(at('backup')).sort()).toEqual(['generation', 'password']);
});

test('a machine that is told anew and cut off is not known by what it was told before', async () => {
  expect(await setUp(1)).toBe(0);
  program('systemctl', `[ "$1" != enable ] || exit 1`);
  expect(await setUp(2)).not.toBe(0);
  expect(known()).toBeNull();
  program('systemctl', '');
  expect(await setUp(2)).toBe(0);
  expect([known(), readFileSync(at('backup/password'), 'utf8')]).toEqual(['2\n', 'p2']);
  expect(existsSync(at('backup.old'))).toBe(false);
});
