import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { type ExecResult, exec, tryExec } from '../../src/util/exec.ts';
import { adminOf, useClusters } from './support/clusters.ts';
import { E2E_HOME, MAIN, status } from './support/haup.ts';

/** One cluster, made, looked at and deleted where things are not as they are on our own machines. */
const CLUSTER = 'e2e-environment';
useClusters(CLUSTER);

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'haup-environment-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { PATH = '', HAUP_CACHE } = process.env;
const calm = { PATH, HOME: folder, HAUP_HOME: E2E_HOME, ...(HAUP_CACHE ? { HAUP_CACHE } : {}) };

/** Runs a shell command in which `"$@"` is haup and its arguments. */
function shell(text: string, args: readonly string[], env: Record<string, string> = {}): Promise<ExecResult> {
  return tryExec('bash', ['-c', text, 'bash', process.execPath, MAIN, ...args], { env: { ...calm, ...env } });
}

const on = ['-c', CLUSTER];
const proxy = 'http://127.0.0.1:1';
const foreign = {
  ...{ http_proxy: proxy, https_proxy: proxy, HTTP_PROXY: proxy, HTTPS_PROXY: proxy, ALL_PROXY: proxy },
  ...{ PROJECT: 'theirs', CLOUDSDK_CORE_PROJECT: '!', AWS_REGION: 'nowhere-1', AWS_PROFILE: 'nobody' },
  ...{
    MASTER_SIZE: '?',
    KUBE_GCE_ZONE: 'europe-west1-b',
    KUBE_DELETE_NODES: 'perhaps',
    NODE_ENV: 'production',
  },
  ...{ LC_ALL: 'tr_TR.UTF-8', TZ: 'Nowhere/Land+13:59', NO_COLOR: '1' },
};

describe('in strange surroundings', () => {
  test('a change whose words cannot be written is made all the same, and says so by its exit code', async () => {
    const ended = await shell('"$@" 2>/dev/full', [
      'create',
      ...on,
      '--provider',
      'local',
      '--zone',
      'local-a',
    ]);
    expect(ended.code).toBe(5);
    expect(ended.stdout).toContain(`created ${CLUSTER}-master in local-a`);
    expect(await status(CLUSTER)).toMatchObject({ converged: true, replicas: [{ apiServer: 'ready' }] });
  });

  test('status and kubeconfig are the same as ever', async () => {
    const seen = await shell('umask 0777; "$@"', ['status', ...on, '-o', 'json'], foreign);
    expect([seen.code, JSON.parse(seen.stdout)]).toMatchObject([0, { converged: true, warnings: [] }]);
    const file = join(folder, 'config');
    const merged = await shell('umask 0; "$@"', ['kubeconfig', ...on, '--merge'], {
      ...foreign,
      KUBECONFIG: file,
    });
    expect(merged).toMatchObject({ code: 0 });
    const modes = await exec('stat', ['-c', '%a', file, join(E2E_HOME, 'clusters', CLUSTER)]);
    expect(modes.trim().split('\n')).toEqual(['600', '700']);
    const admin = await adminOf(CLUSTER);
    expect(admin).toBeDefined();
  });

  test('a word that is not understood deletes nothing, and a drop-in means the cluster of the configuration', async () => {
    const config = join(folder, 'haup.yaml');
    writeFileSync(config, `cluster: ${CLUSTER}\nprovider: local\n`);
    const down = (env: Record<string, string>, ...args: string[]) =>
      tryExec(join(root, 'scripts/kube-down.sh'), args, { env: { ...calm, HAUP_CONFIG: config, ...env } });
    expect(await down({ KUBE_DELETE_NODES: 'Flase' })).toMatchObject({ code: 2 });
    expect(await down({ KUBE_REPLICA_NAME: `${CLUSTER}-master` })).toMatchObject({ code: 2 });
    const planned = await down({}, '--dry-run');
    expect(planned).toMatchObject({ code: 0, stdout: expect.stringContaining(`${CLUSTER}: `) });
    expect(await status(CLUSTER)).toMatchObject({ converged: true });
  });

  test('a deletion whose reader has gone is finished', async () => {
    const ended = await shell('"$@" 2>&1 | :; test "$PIPESTATUS" = 0', ['delete', ...on, '--yes']);
    expect(ended).toMatchObject({ code: 0 });
    expect((await shell('"$@"', ['status', ...on])).code).toBe(6);
  });
});

test('what npm packs works alone, in a folder of its own', async () => {
  const place = join(folder, 'installed');
  await exec('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: root });
  mkdirSync(join(place, 'node_modules'), { recursive: true });
  await exec('bash', ['-c', `tar -xzf ${folder}/haup-*.tgz -C ${place}`]);
  cpSync(join(place, 'package'), join(place, 'node_modules/haup'), { recursive: true });
  rmSync(join(place, 'package'), { recursive: true });
  const { dependencies } = JSON.parse(await exec('cat', [join(place, 'node_modules/haup/package.json')])) as {
    dependencies: Record<string, string>;
  };
  // Of the packages only those that it names are there, as npm install puts them.
  symlinkSync(join(root, 'node_modules'), join(place, 'node_modules/haup/node_modules'));
  expect(Object.keys(dependencies)).toContain('yargs');
  const haup = join(place, 'node_modules/haup/scripts/haup');
  const env = { ...calm, HAUP_HOME: join(folder, 'empty') };
  const run = (...args: string[]) => tryExec(haup, args, { env, cwd: place });
  expect(await run('--help')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Usage: haup COMMAND'),
  });
  expect(await run('--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^haup \d/) });
  expect(await run('list')).toMatchObject({ code: 0 });
  expect(await run('create', '--dry-run')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('nothing was changed'),
  });
  for (const script of ['build-binaries.sh', 'build-node-binaries.sh', 'kube-up.sh', 'kube-down.sh'])
    await exec('test', ['-x', join(place, 'node_modules/haup/scripts', script)]);
});
