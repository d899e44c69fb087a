import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../../scripts/install-modules', import.meta.url));
let checkout: string;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'haup-modules-'));
  mkdirSync(join(checkout, 'scripts'));
  copyFileSync(script, join(checkout, 'scripts/install-modules'));
  writeFileSync(join(checkout, 'package-lock.json'), '{}');
  writeFileSync(
    join(checkout, 'package.json'),
    '{ "dependencies": { "a": "1" }, "devDependencies": { "b": "1" } }',
  );
  mkdirSync(join(checkout, 'bin'));
  for (const tool of ['bash', 'dirname', 'readlink', 'touch', 'mkdir'])
    symlinkSync(`/usr/bin/${tool}`, join(checkout, 'bin', tool));
});

afterEach(() => rmSync(checkout, { recursive: true }));

/** Runs it on a machine that has these programs and no others. */
function install(
  programs: Record<string, string>,
  more: Record<string, string> = {},
): { status: number | null; stderr: string } {
  for (const [name, text] of Object.entries(programs))
    writeFileSync(join(checkout, 'bin', name), `#!/usr/bin/bash\n${text}\n`, { mode: 0o755 });
  const env = { PATH: join(checkout, 'bin'), ...more };
  return spawnSync('/usr/bin/bash', [join(checkout, 'scripts/install-modules')], { env, encoding: 'utf8' });
}

/** What npm does that installs these packages. */
const installed = (...names: string[]): string =>
  [
    ...names.map((name) => `mkdir -p node_modules/${name}; echo '{}' >node_modules/${name}/package.json`),
    'touch node_modules/.package-lock.json',
  ].join('; ');

const node = `exec ${process.execPath} "$@"`;

it('without Node.js, or without npm, says how to install it', () => {
  expect(install({})).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/^haup: node is missing.*apt-get.*\n$/),
  });
  expect(install({ node })).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/^haup: npm is missing.*apt-get/),
  });
});

it('refuses a Node.js that is too old, by its version', () => {
  const old = '[[ $1 == --version ]] && echo v18.1.0; [[ $1 != -e ]]';
  expect(install({ node: old })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('v18.1.0 is too old'),
  });
});

it('installs once, and again when the lock file is newer', () => {
  const npm = `${installed('a', 'b')}; echo ran >>ran`;
  for (let i = 0; i < 2; i++) expect(install({ node, npm }).status).toBe(0);
  expect(existsSync(join(checkout, 'ran'))).toBe(true);
  expect(install({ node, npm: 'exit 1' }).status).toBe(0);
});

it('says what to do when the modules cannot be fetched', () => {
  const { status, stderr } = install({ node, npm: 'echo ENOTFOUND >&2; exit 1' });
  expect(status).toBe(5);
  expect(stderr).toMatch(/ENOTFOUND\nhaup: npm install failed.*Run the same command again/s);
});

it('installs what the build needs, whatever the environment and npm are set to', () => {
  const npm = `echo "$@" >ran; env >>ran; ${installed('a', 'b')}`;
  const env = {
    NODE_ENV: 'production',
    npm_config_omit: 'dev',
    NPM_CONFIG_PRODUCTION: 'true',
    npm_config_global: '1',
  };
  expect(install({ node, npm, env: '/usr/bin/env' }, { ...env, npm_config_registry: 'kept' }).status).toBe(0);
  const ran = readFileSync(join(checkout, 'ran'), 'utf8');
  expect(ran).toMatch(/^install .*--include=dev/);
  expect(ran).not.toMatch(/NODE_ENV|production|omit|global/i);
  expect(ran).toContain('npm_config_registry=kept');
});

it('takes a checkout up in which an earlier install has left something out', () => {
  const half = install({ node, npm: installed('a') });
  expect(half.status).toBe(5);
  expect(half.stderr).toContain('npm install has left out packages');
  expect(install({ node, npm: installed('a', 'b') })).toMatchObject({ status: 0 });
});
