import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SHIFTED } from '../../src/providers/local/machine/uids.ts';
import { clusterKey, machineFolder } from '../../src/providers/local/paths.ts';
import type { ClusterIdentity, Machine, Provider } from '../../src/providers/provider.ts';
import type { ContractWorld } from './support/contract-world.ts';
import { leaveNothing } from './support/leave-nothing.ts';
import { localWorld } from './support/local-world.ts';

/** What root in a master can do to the host: nothing. */
const exec = promisify(execFile);
let world: ContractWorld;
let cluster: ClusterIdentity;
let provider: Provider;
const master = 'lp-master';

const machine = async (): Promise<Machine> => (await provider.machines.list())[0]!;
/** What a command says, its errors too. */
const run = async (command: string) =>
  (await world.run(await machine(), `{ ${command}\n} 2>&1 || true`)).trim();

beforeAll(async () => {
  world = await localWorld('lp-confined');
  cluster = world.newCluster();
  provider = world.open(cluster);
  await provider.network.ensure();
  process.env.HAUP_LOCAL_MEMORY = '512M';
  process.env.HAUP_LOCAL_TASKS = '200';
  try {
    await provider.machines.create({
      name: master,
      role: 'master',
      zone: 'local-a',
      bootScript: await world.bootScript(cluster, master),
      requestToken: master,
    });
  } finally {
    delete process.env.HAUP_LOCAL_MEMORY;
    delete process.env.HAUP_LOCAL_TASKS;
  }
});

afterAll(() => leaveNothing(world, cluster));

test('root in a master is a user of the host who owns nothing there', async () => {
  expect((await run('id -u; cat /proc/self/uid_map')).replaceAll(/\s+/g, ' ')).toBe(`0 0 ${SHIFTED} 65536`);
  await run('echo mine > /root/mine; sync /root/mine');
  const file = join(machineFolder(clusterKey(cluster), master), 'disk/upper/root/mine');
  expect(await stat(file)).toMatchObject({ uid: SHIFTED, gid: SHIFTED });
});

test('the host’s kernel settings are out of reach, also through a /proc of its own', async () => {
  const before = await readFile('/proc/sys/kernel/core_pattern', 'utf8');
  const settings = [
    'sys/kernel/core_pattern',
    'sys/vm/overcommit_memory',
    'sys/kernel/panic',
    'sysrq-trigger',
  ];
  const tries = `for file in ${settings.join(' ')}; do [ -w "$1/$file" ] && echo "$file is writable"; done`;
  const fresh = 'mkdir -p /run/p && mount -t proc proc /run/p';
  const remount = 'mount -o remount,bind,rw /proc/sys';
  const said =
    await run(`unshare --mount sh -c '${fresh}; ${remount}; set -- /proc; ${tries}; set -- /run/p; ${tries}'
    echo '|/evil' > /proc/sys/kernel/core_pattern`);
  expect(said).not.toContain('is writable');
  expect(said).toMatch(/core_pattern: (Permission denied|Read-only file system)/);
  expect(await readFile('/proc/sys/kernel/core_pattern', 'utf8')).toBe(before);
});

test('devices of the host can neither be made nor, where one lies on the disk, be read', async () => {
  const [, , line = ''] = (await readFile('/proc/partitions', 'utf8')).split('\n');
  const [major = '', minor = ''] = line.trim().split(/\s+/);
  expect(await run(`mknod /root/disk b ${major} ${minor}`)).toContain('Operation not permitted');
  expect(await run('find /dev -type b')).toBe('');
  // Into the mount that the machine sees: an overlay does not notice what is put below it.
  const pid = await firstProcess();
  await exec('nsenter', ['-t', pid, '--mount', 'mknod', '/root/planted', 'b', major, minor]).catch(() => {});
  await exec('nsenter', ['-t', pid, '--mount', 'chown', `${SHIFTED}:${SHIFTED}`, '/root/planted']);
  expect(await run('test -b /root/planted && echo there')).toBe('there');
  expect(await run('head -c 1 /root/planted | wc -c')).toMatch(/Operation not permitted\n0$/);
});

test('it rules its own network: addresses, routes, forwarding', async () => {
  const commands =
    'ip addr add 192.0.2.1/32 dev lo && ip route add 192.0.2.2/32 dev lo && sysctl -qw net.ipv4.ip_forward=1';
  expect(await run(`${commands} && echo done`)).toBe('done');
});

test('with too many processes it is the machine that can have no more', async () => {
  // The shell ends its children itself: a program that is to do so may find no room, and then they hold the session for a minute.
  const children =
    'trap "kill \\$all" EXIT; for i in $(seq 300); do sleep 60 & all="$all $!"; done; jobs | wc -l';
  expect(await run(`sh -c '${children}'`)).toMatch(/Cannot fork|Resource temporarily unavailable/);
  expect(await run('hostname')).toBe(master);
});

test('with too much memory it is a process of the machine’s that ends, and the machine goes on', async () => {
  const hungry = 'systemd-run --quiet --wait --pipe sh -c "head -c 900m /dev/zero | tail | wc -c"';
  expect(await run(`${hungry}; echo ended`)).toMatch(/^(?!9\d{8}).*ended$/s);
  expect(await run('hostname')).toBe(master);
});

async function firstProcess(): Promise<string> {
  const { firstProcess: pidOf } = await import('../../src/providers/local/machine/power.ts');
  return String(await pidOf(clusterKey(cluster), master));
}
