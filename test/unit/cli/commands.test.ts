import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { HaupEvent } from '../../../src/cluster/loop/events.ts';
import { StoreError } from '../../../src/state/errors.ts';
import { haup, outcome, paper, planOf, standingOf, statusOf } from './fake.ts';

async function asked(...argv: string[]) {
  const ran = await haup(argv);
  return ran.calls.map((call) => [call.method, ...call.arguments]);
}

const demo = { name: 'demo', provider: 'local', region: 'local', kubernetesVersion: 'v1.37.1' };

describe('what each command asks of the engine', () => {
  it('add-replica: one zone for each new replica', async () => {
    const base = { cluster: 'demo', dryRun: false };
    expect(await asked('add-replica', '-c', 'demo', '--zone', 'a')).toEqual([
      ['addReplicas', { ...base, zones: ['a'] }],
    ]);
    expect(await asked('add-replica', '-c', 'demo', '--zone', 'a', '--count', '2')).toEqual([
      ['addReplicas', { ...base, zones: ['a', 'a'] }],
    ]);
    expect(await asked('add-replica', '-c', 'demo', '--zones', 'b,c')).toEqual([
      ['addReplicas', { ...base, zones: ['b', 'c'] }],
    ]);
  });

  it('federation unjoin --gone: says what stays in the member, and that it goes when it is back', async () => {
    const unjoinFederation = async () => ({
      ...{ federation: 'world', cluster: 'eu', steps: ['delete its Cluster'], stays: ['federated objects'] },
    });
    const { out, calls } = await haup(['federation', 'unjoin', 'eu', '--gone'], {
      engine: { unjoinFederation },
    });
    expect(calls[0]!.arguments[0]).toMatchObject({ cluster: 'eu', gone: true, cascade: false });
    expect(out.split('\n').slice(2, 5)).toEqual([
      'eu is no member of world',
      'should eu come back, there is still in it:',
      '  federated objects',
    ]);
  });

  it('federation init: names as they are said, or those that there are', async () => {
    const names = async (...argv: string[]) => {
      const [[, request] = []] = await asked('federation', 'init', 'world', ...argv);
      return (request as { names: unknown }).names;
    };
    expect(await names('--zone', 'local-b')).toMatchObject({ keeps: true });
    const settings = { domain: 'example.com.', dnsProvider: 'none', ttl: 180 };
    expect(await names('--dns-zone', 'example.com.')).toMatchObject({ keeps: false, settings });
  });

  it('remove-replica: names, or a zone and a count', async () => {
    const base = { cluster: 'kubernetes', dryRun: false };
    expect(await asked('remove-replica', 'x', 'y', 'x')).toEqual([
      ['removeReplicas', { ...base, names: ['x', 'y'] }],
    ]);
    expect(await asked('remove-replica', '--zone', 'a')).toEqual([
      ['removeReplicas', { ...base, zone: 'a', count: 1 }],
    ]);
    expect(await asked('remove-replica', '--count', '2', '--dry-run')).toEqual([
      ['removeReplicas', { cluster: 'kubernetes', dryRun: true, zone: undefined, count: 2 }],
    ]);
  });

  it('a name given beats the zone of a variable', async () => {
    const { calls } = await haup(['remove-replica', 'x'], { env: { KUBE_GCE_ZONE: 'a' } });
    expect(calls[0]?.arguments).toEqual([{ cluster: 'kubernetes', dryRun: false, names: ['x'] }]);
  });

  it('replace-replica, repair, fault, ssh', async () => {
    expect(await asked('replace-replica', 'x')).toEqual([
      ['replaceReplicas', { cluster: 'kubernetes', names: ['x'], dryRun: false }],
    ]);
    expect(await asked('repair', '--abandon')).toEqual([
      ['repair', { cluster: 'kubernetes', abandon: true, dryRun: false }],
    ]);
    expect(await asked('rescue', '--fenced', 'x,y', '--yes')).toEqual([
      ['rescue', { cluster: 'kubernetes', fenced: ['x', 'y'], loses: true, dryRun: false }],
    ]);
    expect(await asked('fault', 'freeze', 'local-a')).toEqual([['fault', 'kubernetes', 'freeze', 'local-a']]);
    expect(await asked('ssh', 'x', '--', 'ls', '-l', '--help')).toEqual([
      ['ssh', 'kubernetes', 'x', ['ls', '-l', '--help']],
    ]);
    expect(await asked('ssh')).toEqual([['ssh', 'kubernetes', undefined, []]]);
  });

  it('create: labels and taints of nodes, and folders of add-ons, read before anything is made', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'haup-shop'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'a.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n');
    const labels = ['--node-label', 'disk=ssd,node.kubernetes.io/pool=a', '--node-label', 'empty='];
    const taints = ['--node-taint', 'dedicated=db:NoSchedule,gone:NoExecute'];
    const [[, request] = []] = await asked('create', ...labels, ...taints, '--addons', folder);
    expect(request).toMatchObject({
      nodeLabels: { disk: 'ssd', 'node.kubernetes.io/pool': 'a', empty: '' },
      nodeTaints: [
        { key: 'dedicated', value: 'db', effect: 'NoSchedule' },
        { key: 'gone', effect: 'NoExecute' },
      ],
      addons: [{ objects: [{ kind: 'ConfigMap', metadata: { name: 'a' } }] }],
    });
    writeFileSync(join(folder, 'b.yaml'), 'kind: ConfigMap\n');
    for (const bad of [folder, join(folder, 'none')]) {
      const { code, calls, err } = await haup(['create', '--addons', bad]);
      expect([code, calls]).toEqual([2, []]);
      expect(err).toContain(bad);
    }
  });

  it('join-command: minutes of the token, the command alone on stdout or all of it as a document', async () => {
    expect(await asked('join-command')).toEqual([['joinCommand', 'kubernetes', { minutes: 60 }]]);
    expect(await asked('join-command', '--ttl', '10m')).toEqual([
      ['joinCommand', 'kubernetes', { minutes: 10 }],
    ]);
    expect((await haup(['join-command'])).out).toBe('kubeadm join\n');
    expect(JSON.parse((await haup(['join-command', '-o', 'json'])).out)).toMatchObject({
      command: 'kubeadm join',
    });
    for (const ttl of ['30s', '8d', 'x']) expect((await haup(['join-command', '--ttl', ttl])).code).toBe(2);
  });

  it("ssh's exit code is the command's", async () => {
    expect((await haup(['ssh', '--', 'false'], { engine: { ssh: async () => 17 } })).code).toBe(17);
  });

  it('KUBE_REPLICATE_EXISTING_MASTER makes create add a replica', async () => {
    const env = { KUBE_REPLICATE_EXISTING_MASTER: 'true', KUBE_GCE_ZONE: 'europe-west1-c' };
    const { calls } = await haup(['create'], { env });
    expect(calls).toEqual([
      {
        method: 'addReplicas',
        arguments: [{ cluster: 'kubernetes', zones: ['europe-west1-c'], dryRun: false }],
      },
    ]);
  });
});

describe('haup delete', () => {
  const plan = planOf([{ kind: 'delete-machine', replica: 'demo-master' }]);
  const remove = vi.fn(async ({ dryRun }: { dryRun: boolean }) => ({ ...outcome, plan, executed: !dryRun }));

  it('asks on a terminal, says what would go, and does nothing unless the name is typed', async () => {
    const ask = vi.fn(async () => 'yes');
    const ran = await haup(['delete', '-c', 'demo'], {
      engine: { delete: remove },
      world: { interactive: true, ask },
    });
    expect(ask).toHaveBeenCalledWith(expect.stringContaining('demo-master'), expect.anything());
    expect(ran.calls.map((call) => call.arguments)).toEqual([[{ cluster: 'demo', dryRun: true }]]);
    expect(ran.code).toBe(1);
  });

  it('goes on when the name is typed, and asks nothing with --yes', async () => {
    const ask = vi.fn(async () => 'demo\n');
    const world = { interactive: true, ask };
    const typed = await haup(['delete', '-c', 'demo'], { engine: { delete: remove }, world });
    expect(typed.calls.at(-1)?.arguments).toEqual([{ cluster: 'demo', dryRun: false }]);
    const told = await haup(['delete', '-c', 'demo', '-y'], { engine: { delete: remove }, world });
    expect(told.calls.map((call) => call.arguments)).toEqual([[{ cluster: 'demo', dryRun: false }]]);
    expect(ask).toHaveBeenCalledTimes(1);
  });
});

describe('a dry run', () => {
  const blocked = [{ message: 'etcd would lose its quorum', advice: 'start b first' }];

  it('prints the plan and exits 0', async () => {
    const plan = planOf([{ kind: 'reserve-address' }]);
    const create = async () => ({ ...outcome, plan, executed: false });
    const ran = await haup(['create', '-c', 'demo', '--dry-run'], { engine: { create } });
    expect(ran.code).toBe(0);
    expect(ran.out).toContain('  1  reserve the API address');
    expect(ran.out).toContain('nothing was changed');
  });

  it('exits 3 where the plan would be refused, and says why', async () => {
    const repair = async () => ({ ...outcome, plan: planOf([], { blocked }), executed: false });
    const ran = await haup(['repair', '-c', 'demo', '--dry-run'], { engine: { repair } });
    expect(ran.code).toBe(3);
    expect(ran.out).toContain('refused: etcd would lose its quorum\n  start b first\n');
  });

  it('is a document for programs', async () => {
    const plan = planOf([{ kind: 'promote', replica: 'b' }], { blocked });
    const repair = async () => ({ ...outcome, plan, executed: false });
    const json = await haup(['repair', '--dry-run', '-o', 'json'], { engine: { repair } });
    expect(JSON.parse(json.out)).toEqual({
      executed: false,
      plan: {
        steps: [
          {
            step: { kind: 'promote', replica: 'b' },
            description: 'promote b to a voter of etcd',
            before: standingOf(1),
            after: standingOf(1),
          },
        ],
        blocked,
        warnings: [],
        interruption: null,
        backupFirst: false,
      },
      status: null,
      availability: [],
      seconds: 1,
    });
    expect(json.code).toBe(3);
    const yaml = await haup(['repair', '--dry-run', '-o', 'yaml'], { engine: { repair } });
    expect(yaml.out).toContain('- step:\n        kind: promote\n        replica: b\n');
  });
});

describe('output', () => {
  it('status and list are documents with -o json', async () => {
    const status = await haup(['status', '-o', 'json']);
    expect(JSON.parse(status.out)).toEqual(statusOf());
    const one = { ...demo, replicas: 1 };
    const list = await haup(['list', '-o', 'json'], {
      engine: { list: async () => ({ clusters: [one], unreadable: [] }) },
    });
    expect(JSON.parse(list.out)).toEqual([one]);
  });

  it('list is a table for people, and says so when there is nothing', async () => {
    const one = { ...demo, replicas: 3 };
    const list = await haup(['list'], {
      engine: { list: async () => ({ clusters: [one], unreadable: [] }) },
    });
    expect(list.out).toBe(
      'CLUSTER  PROVIDER  REGION  REPLICAS  KUBERNETES\n' + 'demo     local     local   3         v1.37.1\n',
    );
    expect(await haup(['list'])).toMatchObject({
      out: '',
      code: 0,
      err: expect.stringContaining('haup create'),
    });
  });

  it('a cluster that cannot be read does not hide the others, and is an error', async () => {
    const one = { ...demo, replicas: 1 };
    const broken = new StoreError('corrupt', '/x/cluster.json is empty', 'restore it from a backup');
    const list = async () => ({ clusters: [one], unreadable: [broken] });
    expect(await haup(['list'], { engine: { list } })).toMatchObject({
      out: expect.stringContaining('demo     local'),
      err: 'haup: /x/cluster.json is empty; restore it from a backup\n',
      code: 2,
    });
  });

  it('a kubeconfig is printed as it is', async () => {
    expect((await haup(['kubeconfig'])).out).toBe('kind: Config\n');
  });

  it('a kubeconfig is for whom it was asked for; what nobody could prove is said beside it', async () => {
    const asked: unknown[] = [];
    const engine = {
      kubeconfig: async (_: string, access: unknown) => {
        asked.push(access);
        return { text: 'kind: Config\n', warnings: ['not \u001b[2J proven'] };
      },
    };
    const made = await haup(
      ['kubeconfig', '--user', 'ann', '--group', 'a,b', '--group', 'c', '--ttl', '8h'],
      {
        engine,
      },
    );
    expect(made).toMatchObject({
      code: 0,
      out: 'kind: Config\n',
      err: 'haup: warning: not  [2J proven\n',
    });
    await haup(['kubeconfig'], { engine });
    const usual = { endpoint: 'address', breakGlass: false };
    expect(asked).toEqual([
      { ...usual, user: 'ann', groups: ['a', 'b', 'c'], ttlMs: 8 * 3600_000 },
      { ...usual, user: 'haup-admin', groups: [], ttlMs: 24 * 3600_000 },
    ]);
  });

  it.each([
    [['--break-glass', '--group', 'g'], /^haup: --break-glass is a group of its own.*leave out --group\n$/],
    [['--group', 'system:masters'], /Kubernetes' own \(system:\)/],
    [['--user', 'system:node:x'], /Kubernetes' own \(system:\)/],
    [['--user', 'a b'], /letters, digits/],
    [['--merge', '--file', 'x'], /^haup: --merge and --file name two files: leave out one\n$/],
    [['--ttl', '1m'], /from 600s/],
  ])('a kubeconfig with %j is refused in one line', async (args, words) => {
    const ran = await haup(['kubeconfig', ...args]);
    expect([ran.code, ran.out]).toEqual([2, '']);
    expect(ran.err).toMatch(words);
    expect(ran.err.split('\n')).toHaveLength(2);
  });

  it('kubeconfigs that were handed out are listed', async () => {
    const issued = [
      {
        user: 'ann',
        groups: ['a', 'b'],
        issued: '2026-01-01T00:00:00Z',
        expires: '2026-01-02T00:00:00Z',
        serial: '4f',
      },
    ];
    const engine = { issuedKubeconfigs: async () => issued };
    expect((await haup(['kubeconfig', '--list'], { engine })).out).toMatch(
      /^USER +GROUPS +ISSUED +EXPIRES +SERIAL\nann +a,b +2026-01-01T00:00:00Z +2026-01-02T00:00:00Z +4f\n$/,
    );
    expect(JSON.parse((await haup(['kubeconfig', '--list', '-o', 'json'], { engine })).out)).toEqual(issued);
    expect(await haup(['kubeconfig', '--list'])).toMatchObject({
      code: 0,
      out: '',
      err: 'no kubeconfig is valid that haup remembers\n',
    });
  });

  it('with --log-format json every line of standard error is one event, with the sentence for its step', async () => {
    const step = { kind: 'provision', replica: 'demo-master' } as const;
    const events: HaupEvent[] = [
      { type: 'plan', plan: planOf([step]) },
      { type: 'step-started', step },
      { type: 'step-waiting', step, message: 'sshd' },
      { type: 'step-finished', step, seconds: 1.5 },
    ];
    const ran = await haup(['create', '--log-format', 'json'], {
      opened: ({ emit }) => {
        for (const event of events) emit(event);
      },
    });
    const lines = ran.err
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map((line) => line.type)).toEqual(['plan', 'step-started', 'step-waiting', 'step-finished']);
    expect(lines[1]).toEqual({
      time: '2026-11-21T03:00:00.000Z',
      type: 'step-started',
      step,
      description: 'provision demo-master',
    });
    expect(lines[0]).not.toHaveProperty('end');
  });
});

describe('haup status --watch', () => {
  /** Ends the watch after so many looks. */
  function watching(statuses: readonly (() => ReturnType<typeof statusOf>)[]) {
    const controller = new AbortController();
    let looks = 0;
    const status = async () => {
      const look = statuses[looks++];
      if (looks > statuses.length) controller.abort();
      return (look ?? statuses.at(-1)!)();
    };
    return { signal: controller.signal, engine: { status } };
  }

  it('prints when something has changed, and ends with 0 when it is interrupted', async () => {
    const first = statusOf();
    const second = statusOf({ warnings: ['new'] });
    const ran = await haup(
      ['status', '--watch', '-o', 'json'],
      watching([() => first, () => first, () => second, () => second]),
    );
    expect(ran.code).toBe(0);
    expect(ran.out).toBe(`${JSON.stringify(first)}\n${JSON.stringify(second)}\n`);
  });

  it('ends when nobody reads on', async () => {
    let looks = 0;
    const out = paper();
    const reader = { ...out, gone: true };
    const status = async () => {
      looks += 1;
      return statusOf();
    };
    const ran = await haup(['status', '--watch'], { engine: { status }, world: { out: reader } });
    expect([ran.code, looks]).toEqual([0, 1]);
  });

  it('looks past a look that fails, but not past the first', async () => {
    const fail = () => {
      throw new Error('no answer');
    };
    const ran = await haup(['status', '--watch'], watching([() => statusOf(), fail, () => statusOf()]));
    expect(ran.code).toBe(0);
    expect(ran.err).toContain('no answer');
    const first = await haup(['status', '--watch'], watching([fail]));
    expect(first.code).toBe(1);
  });
});

describe('a command that leaves something undone', () => {
  it('says what, and exits 5', async () => {
    const status = statusOf({ converged: false, unfinished: ['move the API address to demo-master'] });
    const ran = await haup(['repair', '-c', 'demo'], {
      engine: { repair: async () => ({ ...outcome, status }) },
    });
    expect(ran.code).toBe(5);
    expect(ran.out).toContain('unfinished: move the API address to demo-master\n');
    expect(ran.out).toContain('next: haup repair -c demo\n');
  });

  it('counts as changed what was done, not what was planned', async () => {
    const step = { kind: 'create-machine', replica: 'demo-master', zone: 'local-a' } as const;
    const plan = planOf([step, { kind: 'hand-over', to: { kind: 'machine', name: 'demo-master' } }]);
    const ran = await haup(['create', '-c', 'demo'], {
      opened: ({ emit }) => {
        emit({ type: 'step-started', step });
        emit({ type: 'step-finished', step, seconds: 1 });
      },
      engine: { create: async () => ({ ...outcome, plan, status: statusOf() }) },
    });
    expect(ran.out).toContain('demo: created demo-master in local-a (1.0s)\n');
  });
});
