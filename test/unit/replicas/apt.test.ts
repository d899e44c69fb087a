import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { shellScript } from '../../../src/ssh/script.ts';
import { fakeProgram } from '../../support/fake-program.ts';

const packages = shellScript('nodes/scripts/packages.sh');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haup-apt-'));
  program('sleep', ':');
});
afterEach(() => rmSync(folder, { recursive: true }));

const program = (name: string, script: string): void => fakeProgram(folder, name, script);

/** On a machine whose apt-get does so; it writes down what it is asked for. */
function run(aptGet: string) {
  program('apt-get', `echo "$@" >>"${folder}/asked"\n${aptGet}`);
  const script = packages({}, ['sh', 'dash', 'not-there', 'missing']);
  const { status, stderr } = spawnSync('/bin/sh', ['-c', script], {
    env: { PATH: `${folder}:/usr/bin:/bin` },
    encoding: 'utf8',
  });
  return { status, stderr, asked: readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n') };
}

const LOCKED = 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 412 (apt-get)';

test('who upgrades the machine already is waited for', () => {
  const { status, asked } = run(
    `case "$*" in *update*) [ "$(wc -l <"${folder}/asked")" -gt 3 ] || { echo '${LOCKED}' >&2; exit 100; } ;; esac`,
  );
  expect(status).toBe(0);
  expect(asked.filter((line) => line.endsWith(' update'))).toHaveLength(4);
  expect(asked.at(-1)).toBe('-qqy -o DPkg::Lock::Timeout=300 install --no-install-recommends missing');
});

test('what will not become better by waiting is said at once', () => {
  const { status, stderr, asked } = run(`echo 'E: The repository is not signed.' >&2; exit 100`);
  expect(status).toBe(1);
  expect(stderr).toBe('E: The repository is not signed.\n');
  expect(asked).toHaveLength(1);
});

test('nobody is waited for without end', () => {
  const { status, stderr, asked } = run(`echo '${LOCKED}' >&2; exit 100`);
  expect([status, stderr]).toEqual([1, `${LOCKED}\n`]);
  expect(asked).toHaveLength(60);
});
