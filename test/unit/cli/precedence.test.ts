import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Interrupted } from '../../../src/cli/errors.ts';
import { haup } from './fake.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haup-cli-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function config(text: string): Promise<string> {
  const file = join(folder, 'haup.yaml');
  await writeFile(file, text);
  return file;
}

/** What `haup create` asks the engine for. */
async function created(argv: string[], env: Record<string, string> = {}) {
  const ran = await haup(['create', ...argv], { env });
  expect(ran.err).toBe('');
  return ran.calls[0]?.arguments[0] as Record<string, unknown> & { settings: Record<string, unknown> };
}

describe('where a value comes from', () => {
  it('is the default when nothing sets it', async () => {
    expect(await created([])).toEqual({
      name: 'kubernetes',
      provider: 'local',
      zones: ['local-a'],
      region: undefined,
      multizone: false,
      kubernetesVersion: undefined,
      etcdVersion: undefined,
      apiPort: 443,
      requestTimeoutSeconds: 60,
      balancer: 'auto',
      nodeZones: [],
      clusterCidr: undefined,
      serviceCidr: undefined,
      cni: 'haup',
      images: [],
      addons: [],
      nodeLabels: {},
      nodeTaints: [],
      settings: expect.any(Object),
      dryRun: false,
    });
  });

  it('a flag beats a variable, a variable beats the file', async () => {
    const file = await config('cluster: from-file\napi-port: 1\nbalancer: always\n');
    const env = { HAUP_CLUSTER: 'from-variable', HAUP_API_PORT: '2' };
    const request = await created(['--config', file, '--cluster', 'from-flag'], env);
    expect(request).toMatchObject({ name: 'from-flag', apiPort: 2, balancer: 'always' });
  });

  it('the file may be named by a variable', async () => {
    const file = await config('cluster: from-file\n');
    expect(await created([], { HAUP_CONFIG: file })).toMatchObject({ name: 'from-file' });
  });

  it("haup's own variable beats kube-up's", async () => {
    const env = { KUBE_GCE_INSTANCE_PREFIX: 'theirs', HAUP_CLUSTER: 'ours' };
    expect(await created([], env)).toMatchObject({ name: 'ours' });
  });

  it('an empty variable is not set', async () => {
    expect(await created([], { HAUP_CLUSTER: '', KUBE_GCE_ZONE: '', MULTIZONE: '' })).toMatchObject({
      name: 'kubernetes',
      zones: ['local-a'],
      multizone: false,
    });
  });

  it("kube-up's variables are understood", async () => {
    const request = await created([], {
      KUBERNETES_PROVIDER: 'gce',
      KUBE_GCE_INSTANCE_PREFIX: 'prefix',
      KUBE_GCE_ZONE: 'europe-west1-b',
      MULTIZONE: 'true',
      ENABLE_ETCD_QUORUM_READS: 'true',
      MASTER_SIZE: 'n1-standard-2',
      MASTER_DISK_SIZE: '20GB',
      MASTER_DISK_TYPE: 'pd-ssd',
      PROJECT: 'a-project',
    });
    expect(request).toMatchObject({
      name: 'prefix',
      provider: 'gce',
      zones: ['europe-west1-b'],
      multizone: true,
      settings: { machineType: 'n1-standard-2', diskSizeGb: 20, diskType: 'pd-ssd', project: 'a-project' },
    });
  });

  it("a cloud's variables count for that cloud and for the local provider alone", async () => {
    const env = { KUBE_GCE_ZONE: 'europe-west1-b', KUBE_AWS_ZONE: 'eu-west-1a', PROJECT: 'p' };
    expect(await created(['--provider', 'aws'], env)).toMatchObject({ zones: ['eu-west-1a'] });
    expect(await created(['--provider', 'gce'], env)).toMatchObject({ zones: ['europe-west1-b'] });
    expect(await created([], { KUBE_AWS_ZONE: 'eu-west-1a' })).toMatchObject({ zones: ['eu-west-1a'] });
    expect((await created(['--provider', 'aws'], env)).settings.project).toBeUndefined();
  });

  it('--zones beats the zone of a variable, and a --zone beats the zones of the file', async () => {
    expect(await created(['--zones', 'a-a,a-b'], { KUBE_GCE_ZONE: 'b-a' })).toMatchObject({
      zones: ['a-a', 'a-b'],
    });
    const file = await config('zones: [a-a, a-b]\n');
    expect(await created(['--config', file, '--zone', 'b-a'])).toMatchObject({ zones: ['b-a'] });
  });

  it('the zones of a file are not where machines are added; of the others the stronger source counts', async () => {
    const file = await config('zones: [a-a, a-b, a-c]\nreplicas: 3\n');
    const added = async (argv: string[], env: Record<string, string> = {}) => {
      const { calls, err } = await haup([...argv, '--config', file], { env });
      return (calls[0]?.arguments[0] as { zones: unknown } | undefined)?.zones ?? err;
    };
    for (const command of ['add-replica', 'add-node']) {
      expect(await added([command, '--zone', 'b-a'])).toEqual(['b-a']);
      expect(await added([command, '--zone', 'b-a'], { HAUP_ZONES: 'c-a,c-b' })).toEqual(['b-a']);
      expect(await added([command], { KUBE_GCE_ZONE: 'b-a' })).toEqual(['b-a']);
      expect(await added([command, '--zones', 'b-a,b-b'], { KUBE_GCE_ZONE: 'c-a' })).toEqual(['b-a', 'b-b']);
      expect(await added([command], { HAUP_ZONES: 'b-a,b-b' })).toEqual(['b-a', 'b-b']);
      expect(await added([command, '--zone', 'a', '--zones', 'b'])).toContain('--zone and --zones: name one');
    }
    expect(await added(['add-node', '--count', '2'])).toEqual([null, null]);
    const replicate = { KUBE_REPLICATE_EXISTING_MASTER: 'true' };
    expect(await added(['create'], replicate)).toEqual(['local-a']);
    expect(await added(['create'], { ...replicate, KUBE_GCE_ZONE: 'b-a' })).toEqual(['b-a']);
    expect(await added(['add-replica'])).toBe(
      `haup: --zone is missing: where shall the replica stand? (${file}:1: zones counts for new clusters)\n`,
    );
  });

  it('replicas are spread over the zones in turn', async () => {
    expect(await created(['--replicas', '5', '--zones', 'a,b,c'])).toMatchObject({
      zones: ['a', 'b', 'c', 'a', 'b'],
    });
    expect(await created(['--replicas', '3', '--zone', 'a'])).toMatchObject({ zones: ['a', 'a', 'a'] });
  });

  it("each provider has kube-up's zone by default, or the region's first on the local one", async () => {
    expect(await created(['--provider', 'gce'])).toMatchObject({ zones: ['us-central1-b'] });
    expect(await created(['--provider', 'aws'])).toMatchObject({ zones: ['us-west-2a'] });
    expect(await created(['--region', 'oslo'])).toMatchObject({ zones: ['oslo-a'] });
  });

  it('a list may be given by commas and by repeating the flag', async () => {
    const request = await created([
      '--allow-from',
      '10.0.0.0/8, 192.0.2.0/24',
      '--allow-from',
      '2001:db8::/32',
    ]);
    expect(request.settings.allowFrom).toEqual(['10.0.0.0/8', '192.0.2.0/24', '2001:db8::/32']);
  });

  it('a switch can be turned off, and flags may come before the command', async () => {
    const env = { MULTIZONE: 'true' };
    expect(await created(['--no-multizone'], env)).toMatchObject({ multizone: false });
    expect(await created(['--multizone=false'], env)).toMatchObject({ multizone: false });
    const before = await haup(['-c', 'demo', '--dry-run', 'create']);
    expect(before.calls[0]?.arguments[0]).toMatchObject({ name: 'demo', dryRun: true });
  });

  it('a quorum-read switch that is off gets a warning', async () => {
    const { err, code } = await haup(['create'], { env: { ENABLE_ETCD_QUORUM_READ: 'false' } });
    expect(err).toContain('always read linearizably');
    expect(code).toBe(0);
  });

  it('the store is in HAUP_HOME, or below the home folder', async () => {
    expect((await haup(['list'])).options?.store).toBe('file:///home/op/.haup/clusters');
    expect((await haup(['list'], { env: { HAUP_HOME: '/x' } })).options?.store).toBe('file:///x/clusters');
    expect((await haup(['list', '--store', '/y'])).options?.store).toBe('file:///y');
    const folderOf = async (...argv: Parameters<typeof haup>) =>
      fileURLToPath((await haup(...argv)).options!.store);
    expect(await folderOf(['list'], { env: { HAUP_HOME: '/a#b c%41?' } })).toBe('/a#b c%41?/clusters');
    expect(await folderOf(['list', '--store', '/a#b c%41?'])).toBe('/a#b c%41?');
    expect(await folderOf(['list'], { env: { HAUP_HOME: 'here' } })).toBe(resolve('here/clusters'));
    expect((await haup(['list', '--timeout', '1h30m'])).options?.timeoutMs).toBe(5_400_000);
    expect((await haup(['list', '--timeout', '2d1h'])).options?.timeoutMs).toBe(49 * 3_600_000);
  });
});

describe('the configuration file', () => {
  const wrong: readonly (readonly [string, string, string])[] = [
    ['a wrong type', 'cluster: x\nreplicas: two\n', ':2: replicas must be a number, not "two"'],
    [
      'a switch that is no boolean',
      '\n\nmultizone: "maybe"\n',
      ':3: multizone must be true or false (or 1/0, yes/no, y/n, on/off), not "maybe"',
    ],
    [
      'a switch that is a list',
      'multizone: [true]\n',
      ':1: multizone must be true or false (or 1/0, yes/no, y/n, on/off), not [true]',
    ],
    ['a number that is no name', 'cluster: 7\n', ':1: cluster must be text, not 7: put it in quotes'],
    ['a list in a list', 'zones:\n  - a\n  - [b]\n', ':2: zones must be a list of texts, not ["a",["b"]]'],
    ['nothing', 'zone:\n', ':1: zone must be text, not null'],
    [
      'a value out of range',
      '\nreplicas: 2.5\n',
      ':2: replicas must be a whole number from 1 to 9, not "2.5"',
    ],
    [
      'an unknown name',
      'cluster: x\n\nreplica: 2\n',
      ':3: unknown setting "replica"; did you mean replicas?',
    ],
    ['another file', 'config: other.yaml\n', ':1: unknown setting "config"'],
    ['a list at the top', '- a\n', ':1: must be a map from flag names to values, such as "cluster: demo"'],
    [
      'a version without quotes',
      'etcd-version: 3.7\n',
      ':1: etcd-version must be text, not 3.7: put it in quotes',
    ],
    ['an alias of nothing', 'cluster: a\nregion: *b\n', ':2: not YAML: Unresolved alias'],
    ['a tag of somebody', 'cluster: a\nzone: !!js/function x\n', ':2: not YAML: Unresolved tag'],
    ['several documents', 'cluster: a\n---\ncluster: b\n', ':2: several documents in one file'],
    ['a name twice', 'cluster: a\ncluster: b\n', ':2: not YAML: Map keys must be unique'],
  ];
  it.each(wrong)('with %s is refused with its line', async (_, text, message) => {
    const file = await config(text);
    const { code, err, calls } = await haup(['create', '--config', file]);
    expect(err).toContain(`haup: ${file}${message}`);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    expect([code, calls]).toEqual([2, []]);
  });

  it('that is not YAML is refused with its line', async () => {
    const { code, err } = await haup(['create', '--config', await config('a: [1\nb')]);
    expect(err).toMatch(/haup\.yaml:2: not YAML: /);
    expect(code).toBe(2);
  });

  it('may be a pipe; one that never ends is waited for until the user stops it', async () => {
    const [silent, filled] = [join(folder, 'silent'), join(folder, 'filled')];
    execFileSync('mkfifo', [silent, filled]);
    const stop = new AbortController();
    const waiting = haup(['create', '--config', silent], { signal: stop.signal });
    setImmediate(() => stop.abort(new Interrupted('SIGINT')));
    expect(await waiting).toMatchObject({ code: 130, calls: [] });
    await writeFile(silent, ''); // lets the reader go that was given up
    const [ran] = await Promise.all([
      haup(['create', '--config', filled]),
      writeFile(filled, 'cluster: piped\n'),
    ]);
    expect(ran.calls[0]?.arguments[0]).toMatchObject({ name: 'piped' });
  });

  it('that is missing, or a folder, is refused', async () => {
    const missing = await haup(['create', '--config', `${folder}/none.yaml`]);
    expect(missing).toMatchObject({
      code: 2,
      err: `haup: cannot read the configuration file ${folder}/none.yaml: there is no such file\n`,
    });
    expect((await haup(['create', '--config', folder])).err).toContain('it is a folder');
  });

  it('may be empty, and may hold flags of other commands', async () => {
    expect(await created(['--config', await config('')])).toMatchObject({ name: 'kubernetes' });
    const file = await config('cluster: demo\nreplicas: 3\nzones: [a, b, c]\n');
    const { code, calls } = await haup(['repair', '--config', file]);
    expect([code, calls[0]?.arguments[0]]).toEqual([0, { cluster: 'demo', abandon: false, dryRun: false }]);
  });
});
