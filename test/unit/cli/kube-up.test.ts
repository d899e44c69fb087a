import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { haup } from './fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'haup-kube-up-'));
afterAll(() => rmSync(folder, { recursive: true }));

function config(text: string): string {
  const file = join(folder, 'haup.yaml');
  writeFileSync(file, text);
  return file;
}

const clusters = (...names: [string, number][]) => ({
  list: async () => ({
    clusters: names.map(([name, replicas]) => ({
      name,
      replicas,
      provider: 'local',
      region: 'local',
      kubernetesVersion: 'v1.37.1',
    })),
    unreadable: [],
  }),
});

describe('a drop-in decides nothing: it calls haup, which reads all variables', () => {
  it.each([
    ['kube-up.sh', 'kube-up'],
    ['kube-down.sh', 'kube-down --yes'],
  ])('%s calls haup %s, with what it was given', (script, call) => {
    copyFileSync(fileURLToPath(new URL(`../../../scripts/${script}`, import.meta.url)), join(folder, script));
    writeFileSync(join(folder, 'haup'), '#!/bin/sh\necho "$@"; env\n', { mode: 0o755 });
    const env = { PATH: process.env.PATH, KUBE_DELETE_NODES: 'False' };
    const said = execFileSync('bash', [join(folder, script), '--dry-run'], { env, encoding: 'utf8' });
    expect(said).toMatch(new RegExp(`^${call} --dry-run\n`));
    expect(said).toContain('KUBE_DELETE_NODES=False\n');
    expect(said).not.toContain('KUBERNETES_PROVIDER');
  });

  it('kube-down deletes the cluster that the configuration means', async () => {
    const env = { HAUP_CONFIG: config('cluster: one\nprovider: local\n') };
    const { code, calls } = await haup(['kube-down', '--yes'], {
      env,
      engine: clusters(['kubernetes', 1], ['one', 1]),
    });
    expect(code).toBe(0);
    expect(calls.at(-1)).toEqual({ method: 'delete', arguments: [{ cluster: 'one', dryRun: false }] });
  });

  it('kube-down removes from that cluster too, in the zone of the configuration', async () => {
    const env = { HAUP_CONFIG: config('cluster: one\nprovider: local\nzone: local-b\ndelete-nodes: no\n') };
    const { calls } = await haup(['kube-down', '--yes'], { env });
    expect(calls).toEqual([
      {
        method: 'removeReplicas',
        arguments: [{ cluster: 'one', zone: 'local-b', count: 1, dryRun: false }],
      },
    ]);
  });

  it('kube-down deletes no cluster of several replicas, and counts those of that cluster', async () => {
    const refused = await haup(['kube-down', '--yes', '-c', 'one'], { engine: clusters(['one', 2]) });
    expect(refused.code).toBe(3);
    expect(refused.err).toMatch(/one has 2 master replicas.*\n.*haup delete -c one\n$/);
    expect(refused.calls.map((call) => call.method)).toEqual(['list']);
    const other = await haup(['kube-down', '--yes', '-c', 'one'], {
      engine: clusters(['kubernetes', 3], ['one', 1]),
    });
    expect([other.code, other.calls.at(-1)?.method]).toEqual([0, 'delete']);
  });

  it('gce is the default, as it was, and anything else said anywhere counts before it', async () => {
    const asked = async (env: Record<string, string>) =>
      (await haup(['kube-up'], { env })).calls[0]?.arguments[0];
    expect(await asked({})).toMatchObject({ provider: 'gce', zones: ['us-central1-b'] });
    expect(await asked({ KUBERNETES_PROVIDER: 'aws' })).toMatchObject({
      provider: 'aws',
      zones: ['us-west-2a'],
    });
    expect(await asked({ HAUP_CONFIG: config('provider: local\n') })).toMatchObject({
      provider: 'local',
      zones: ['local-a'],
    });
    expect(await asked({ PROJECT: 'mine', KUBE_AWS_ZONE: 'us-west-2b' })).toMatchObject({
      zones: ['us-central1-b'],
      settings: { project: 'mine' },
    });
  });
});
