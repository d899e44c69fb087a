import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fakeProgram } from '../../support/fake-program.ts';

const SCRIPT = fileURLToPath(new URL('../../../scripts/install-packages', import.meta.url));

let folder: string;
let policy: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haup-packages-'));
  policy = join(folder, 'policy-rc.d');
  program('dpkg-query', 'exit 1');
  program('sudo', 'exec "$@"');
  program(
    'apt-get',
    '[ $1 = update ] || { echo "$*"; "$POLICYHELPER" ssh start; echo "start: $?"; } >>"$ASKED"',
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

const program = (name: string, script: string): void => fakeProgram(folder, name, script);

/** What apt-get was asked for, and whether a service might start meanwhile. */
function install(...args: string[]): { code: number | null; asked: string } {
  const asked = join(folder, 'asked');
  const env = { PATH: `${folder}:/usr/bin:/bin`, POLICYHELPER: policy, ASKED: asked };
  const { status } = spawnSync(SCRIPT, args, { env });
  return { code: status, asked: readFileSync(asked, 'utf8') };
}

test('no service starts while packages are installed, and any may afterwards', () => {
  const { code, asked } = install();
  expect(code).toBe(0);
  expect(asked).toMatch(/openssh-server.*\nstart: 101\n$/);
  expect(existsSync(policy)).toBe(false);
});

test('nothing stays either when the installation fails', () => {
  program('apt-get', 'echo "$*" >>"$ASKED"; [ $1 = update ] || exit 100');
  expect(install().code).toBe(100);
  expect(existsSync(policy)).toBe(false);
});

test("the host's own policy is asked, and stays", () => {
  program('policy-rc.d', 'exit 7');
  expect(install().asked).toContain('start: 7\n');
  expect(readFileSync(policy, 'utf8')).toBe('#!/bin/sh\nexit 7\n');
});

test('the policy that a killed run has left goes with the next, also where nothing is missing any more', () => {
  program('policy-rc.d', '# Of scripts/install-packages of haup\nexit 101');
  program('dpkg-query', 'echo installed');
  const env = { PATH: `${folder}:/usr/bin:/bin`, POLICYHELPER: policy };
  expect(spawnSync(SCRIPT, [], { env }).status).toBe(0);
  expect(existsSync(policy)).toBe(false);
});

test('the policy that a killed run has left goes with the next', () => {
  program('policy-rc.d', '# Of scripts/install-packages of haup\nexit 101');
  expect(install().asked).toContain('start: 101\n');
  expect(existsSync(policy)).toBe(false);
});

test('the demo installs no SSH server', () => {
  const { asked } = install('demo');
  expect(asked).toContain('haproxy');
  expect(asked).not.toContain('openssh-server');
});
