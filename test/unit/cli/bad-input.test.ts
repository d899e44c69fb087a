import { describe, expect, it } from 'vitest';
import { haup } from './fake.ts';

const name = 'lower-case letters, digits and hyphens, a letter first, no hyphen last, at most 40 characters';

const booleans = 'true or false (or 1/0, yes/no, y/n, on/off)';

const refused: readonly (readonly [string[], string])[] = [
  [[], 'which command? (haup --help lists them)'],
  [['creat'], 'there is no command "creat"; did you mean haup create?'],
  [['create', '--zoen', 'a'], 'unknown flag --zoen; did you mean --zone?'],
  [['create', '-x'], 'unknown flag -x; haup create --help lists its flags'],
  [
    ['status', '--replicas', '3'],
    'haup status has no flag --replicas; it belongs to haup create, haup federation init, haup kube-up',
  ],
  [
    ['create', '--zone', 'A B'],
    '--zone must be a zone such as local-a, europe-west1-b or eu-west-1a, not "A B"',
  ],
  [['create', '--provider', 'azure'], '--provider must be local, gce or aws, not "azure"'],
  [
    ['create', '--kubernetes-version', 'latest'],
    '--kubernetes-version must be a release such as v1.37.1, not "latest"',
  ],
  [['create', '--etcd-version', '4'], '--etcd-version must be a release such as v3.7.3, not "4"'],
  ...['..', 'a/b', '/', 'a b', 'Abc', 'a'.repeat(64), 'a'.repeat(41), 'a-', '1a', 'a\nb', '$(id)'].map(
    (given): [string[], string] => [
      ['create', '--cluster', given],
      `--cluster must be ${name}, not ${JSON.stringify(given)}`,
    ],
  ),
  ...['0', '-1', '2.5', '99', 'x', '1e0', '0x1'].map((given): [string[], string] => [
    ['create', '--replicas', given],
    `--replicas must be a whole number from 1 to 9, not "${given}"`,
  ]),
  ...['0', '70000', 'x', '443x'].map((given): [string[], string] => [
    ['create', '--api-port', given],
    `--api-port must be a whole number from 1 to 65535, not "${given}"`,
  ]),
  ...['22', '2379', '2380', '10257', '10259'].map((given): [string[], string] => [
    ['create', '--api-port', given],
    `--api-port must be a port that nothing else on a replica uses (22, 2379, 2380, 10257, 10259 are taken), not "${given}"`,
  ]),
  ...['x', '=y', 'a=b=c', 'a=b c', `${'a'.repeat(64)}=b`].map((given): [string[], string] => [
    ['create', '--node-label', given],
    `--node-label must be a label such as disk=ssd, not ${JSON.stringify(given)}`,
  ]),
  ...['kubernetes.io/role=x', 'topology.kubernetes.io/zone=a', 'a.k8s.io/b=c'].map(
    (given): [string[], string] => [
      ['create', '--node-label', given],
      `--node-label must be a label that a node may give itself (none of kubernetes.io), not "${given}"`,
    ],
  ),
  ...['x', 'a=b', 'a=b:Never', ':NoSchedule', 'a=b:NoSchedule:x', 'a b=c:NoSchedule'].map(
    (given): [string[], string] => [
      ['create', '--node-taint', given],
      `--node-taint must be a taint such as dedicated=db:NoSchedule, not "${given}"`,
    ],
  ),
  [['create', '--zone'], '--zone needs a value: --zone ZONE'],
  [['create', '--zone', ''], '--zone needs a value: --zone ZONE'],
  [['create', '--zone='], '--zone needs a value: --zone ZONE'],
  [['create', '--zone', '--dry-run'], '--zone needs a value: --zone ZONE'],
  [['create', '--zone', 'a', '--zone', 'b'], '--zone is given twice: a and b'],
  [['create', '--no-zone'], '--no-zone: --zone is no switch'],
  [['create', '--dry-run=yess'], `--dry-run must be ${booleans}, not "yess"`],
  [['create', '--dry-run='], `--dry-run must be ${booleans}, not ""`],
  [['delete', '-y=maybe'], `-y must be ${booleans}, not "maybe"`],
  [['kube-down', '--yes', '--delete-nodes=nein'], `--delete-nodes must be ${booleans}, not "nein"`],
  [
    ['kube-down', '--yes', '--replica-name', 'x'],
    '--replica-name names the replica x, but the whole cluster would be deleted; to remove that replica alone, set KUBE_DELETE_NODES to false',
  ],
  [['kube-down'], '--yes is missing: there is no terminal to ask on whether to delete'],
  [['create', '--zone', 'a', '--zones', 'b,c'], '--zone and --zones: name one of them'],
  [
    ['create', '--zones', 'a,,b'],
    '--zones must be a zone such as local-a, europe-west1-b or eu-west-1a, not ""',
  ],
  [['create', '--zones', 'a,b', '--replicas', '1'], '--replicas 1 is less than the 2 zones of --zones'],
  [['create', '--provider', 'gce', '--region', 'us-east1'], '--region us-east1 needs a --zone in it'],
  [
    ['create', '--disk-size', '5'],
    '--disk-size must be a size in GB from 10 to 65536, such as 20 or 20GB, not "5"',
  ],
  [['create', '--allow-from', 'me'], '--allow-from must be a network such as 203.0.113.0/24, not "me"'],
  [['create', '--timeout', '5'], '--timeout must be a duration such as 90s, 30m or 1h30m, not "5"'],
  [
    ['create', '--store', 'ftp://x'],
    '--store must be a URL such as file:///root/.haup/clusters, s3://bucket/prefix or gs://bucket/prefix, not "ftp://x"',
  ],
  [['store'], 'haup store is no command by itself: haup store move'],
  [['store', 'copy'], 'there is no command "store copy": haup store move'],
  [['store', 'move'], '--to is missing: the address of the other store'],
  [['create', 'demo'], 'unexpected "demo" after haup create'],
  [['create', '--', 'x'], 'unexpected "x" after --'],
  [['add-replica'], '--zone is missing: where shall the replica stand?'],
  [['add-replica', '--zone', 'a', '--count', '0'], '--count must be a whole number from 1 to 8, not "0"'],
  [['remove-replica'], 'which replica? name it, or say --zone, or --count'],
  [['remove-replica', 'x', '--count', '2'], 'name the replicas, or say --zone and --count, not both'],
  [
    ['remove-replica', '../x'],
    'NAME must be a replica\'s name (lower-case letters, digits and hyphens), not "../x"',
  ],
  [['replace-replica'], 'NAME is missing: haup replace-replica NAME…'],
  [['ssh', 'a', 'ls'], 'unexpected "ls" after haup ssh NAME; a command for the replica comes after --'],
  [
    ['fault', 'kill', 'x'],
    'KIND must be power-off, power-on, freeze, thaw, isolate, heal or wipe-disk, not "kill"',
  ],
  [['fault', 'freeze'], 'TARGET is missing: haup fault KIND TARGET'],
  [['delete'], '--yes is missing: there is no terminal to ask on whether to delete'],
];

describe('wrong input is one line, exit code 2, and nothing is asked of the engine', () => {
  it.each(refused)('haup %j', async (argv, message) => {
    const { code, out, err, calls, options } = await haup(argv);
    expect(err).toBe(`haup: ${message}\n`);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(calls).toEqual([]);
    expect(options).toBeUndefined();
  });

  it('names the variable that holds it', async () => {
    const { code, err } = await haup(['create'], { env: { HAUP_API_PORT: 'x' } });
    expect(err).toBe('haup: HAUP_API_PORT must be a whole number from 1 to 65535, not "x"\n');
    expect(code).toBe(2);
  });

  it('shows what was given on one line, without control characters, and not endlessly', async () => {
    const { err } = await haup(['create', '--cluster', `\x1b[2J${'x'.repeat(5000)}`]);
    expect(err.length).toBeLessThan(250);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    expect(err).not.toContain('\x1b');
  });
});
