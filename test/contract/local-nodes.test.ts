import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { cacheFolder } from '../../src/artifacts/cache.ts';
import { builtImagesFolder } from '../../src/artifacts/images/offline.ts';
import { cgroupRoot } from '../../src/providers/local/host/cgroups.ts';
import { hierarchiesInUse } from '../../src/providers/local/host/hierarchies.ts';
import { open } from '../../src/providers/local/index.ts';
import { clusterKey, machineFolder } from '../../src/providers/local/paths.ts';
import type { ClusterIdentity, FaultKind, Machine, Provider } from '../../src/providers/provider.ts';
import { waitFor } from '../../src/util/wait.ts';
import type { ContractWorld } from './support/contract-world.ts';
import { leaveNothing } from './support/leave-nothing.ts';
import { localWorld } from './support/local-world.ts';

/** What a machine of the role node can do that one of the role master cannot. */
let world: ContractWorld;
let cluster: ClusterIdentity;
let provider: Provider;
const master = 'lp-master';
const node = 'lp-node';

const machine = async (name: string): Promise<Machine> =>
  (await provider.machines.list()).find((each) => each.name === name)!;
const run = async (name: string, command: string) => (await world.run(await machine(name), command)).trim();
const fault = (kind: FaultKind, name: string) => provider.fault!(kind, name);
const diskOf = (name: string) => join(machineFolder(clusterKey(cluster), name), 'disk');
const v1 = async () => hierarchiesInUse((await cgroupRoot())!);

beforeAll(async () => {
  world = await localWorld('lp-nodes');
  cluster = world.newCluster();
  provider = world.open(cluster);
  await provider.network.ensure();
  await provider.address.reserve();
  const make = async (name: string, role: 'master' | 'node', zone: string) =>
    provider.machines.create({
      name,
      role,
      zone,
      bootScript: await world.bootScript(cluster, name),
      requestToken: name,
    });
  await Promise.all([make(master, 'master', 'local-a'), make(node, 'node', 'local-b')]);
});

afterAll(() => leaveNothing(world, cluster));

/**
 * Starts a container as containerd's shim does. Where version 2 of the control groups has no controllers, a node sees those of
 * version 1 by mounting them.
 */
const CONTAINER = `#!/bin/sh
set -e
grep -qw memory /sys/fs/cgroup/cgroup.controllers || {
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  for c in cpu cpuacct cpuset memory devices freezer blkio pids; do
    mkdir /sys/fs/cgroup/$c
    mount -t cgroup -o $c cgroup /sys/fs/cgroup/$c
  done
}
images=/var/lib/containerd
mkdir -p /run/try/rootfs $images/upper $images/work
cd /run/try
mount -t overlay overlay -o lowerdir=/usr,upperdir=$images/upper,workdir=$images/work rootfs
mkdir -p rootfs/proc rootfs/sys rootfs/dev
ln -sfn . rootfs/usr
printf '%s' "$1" > rootfs/program
rm -f config.json
runc spec
sed -i 's|"terminal": true|"terminal": false|; s|"sh"$|"sh", "/program"|; s|"readonly": true|"readonly": false|
  s|"resources": {|"resources": { "memory": { "limit": 67108864, "swap": 67108864 },|' config.json
[ "$2" != privileged ] || sed -i 's|"allow": false|"allow": true|; s|"CAP_KILL"|"CAP_KILL", "CAP_MKNOD"|' config.json
exec runc run container
`;

async function container(program: string, kind = 'ordinary'): Promise<string> {
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  const start = `unshare --mount --propagation slave sh -c ${quoted(CONTAINER)} sh ${quoted(program)} ${kind}`;
  return await run(node, `${start} || echo "ended with $?"`);
}

/** The machine's groups, in every hierarchy of the host. */
async function groups(name: string): Promise<string[]> {
  const unit = `haup-${clusterKey(cluster)}.m.${name}`;
  const parents = [(await cgroupRoot())!, ...(await v1()).map(({ path }) => path)];
  const paths = parents.flatMap((parent) => [
    join(parent, unit),
    join(parent, 'system.slice', `${unit}.service`),
  ]);
  return paths.filter((path) => existsSync(path));
}

/** In head's words; mknod itself may. */
const REFUSED = /^(started\n)?head: cannot open '\/dev\/try' for reading: Operation not permitted$/;

describe('a node', () => {
  test('is started like a master: its boot script runs once', async () => {
    expect(await machine(node)).toMatchObject({ role: 'node', state: 'running' });
    expect(await run(node, 'wc -l < /root/boot-script-ran')).toBe('1');
  });

  test('may switch on forwarding, has a kernel log that says nothing, and containerd’s folder is on the host’s disk', async () => {
    const forwarding = '/proc/sys/net/ipv4/ip_forward';
    expect(await run(node, `echo 1 > ${forwarding} && cat ${forwarding}`)).toBe('1');
    expect(await run(node, 'test -c /dev/kmsg && cat /dev/kmsg | wc -c')).toBe('0');
    expect(await run(node, 'stat -f -c %T /var/lib/containerd')).not.toBe('overlayfs');
  });

  test('sees the archives of images that haup has built, those too that came later, and may not change them', async () => {
    const built = builtImagesFolder(cacheFolder(process.env));
    const later = join(built, `.${node}-later`);
    onTestFinished(() => rm(later, { force: true }));
    await writeFile(later, 'an archive');
    const seen = (await run(node, 'ls -A /opt/haup/images')).split('\n');
    expect(seen).toEqual(
      expect.arrayContaining((await readdir(built)).filter((name) => name.endsWith('.tar'))),
    );
    expect(await run(node, `cat /opt/haup/images/.${node}-later`)).toBe('an archive');
    expect(await run(node, 'touch /opt/haup/images/x 2>&1 || true')).toMatch(/Read-only file system$/);
  });

  test('starts containers, and the kernel ends one that takes more memory than it may', async () => {
    expect(await container('echo started; exit 3')).toBe('started\nended with 3');
    expect(await container('exec head -c 200m /dev/zero | tail')).toMatch(/Killed|ended with 137/);
  });

  test('starts a privileged container, and from none of them, nor from the node, is the host’s disk to be read', async () => {
    const { major, minor } = await hostDisk();
    const read = `mknod /dev/try b ${major} ${minor}; head -c 1 /dev/try 2>&1 | cat; rm /dev/try`;
    expect(await container(`echo started; ${read}`, 'privileged')).toMatch(REFUSED);
    expect(await run(node, read)).toMatch(REFUSED);
  });

  test('leaves no group behind when its power goes, and has its images when it comes back', async () => {
    expect(await groups(node)).not.toEqual([]);
    await run(node, 'echo kept > /var/lib/containerd/kept && sync /var/lib/containerd/kept');
    await run(
      node,
      'mkdir -p /run/groups && mount -t cgroup2 cgroup2 /run/groups && mkdir -p /run/groups/pods/one',
    );
    await fault('power-off', node);
    expect(await groups(node)).toEqual([]);
    await fault('power-on', node);
    expect(await run(node, 'cat /var/lib/containerd/kept')).toBe('kept');
    expect(await container('echo started')).toBe('started');
  });

  test('that reboots by itself starts containers again', async () => {
    const boot = () => run(node, 'systemctl show -P UserspaceTimestampMonotonic');
    const before = await boot();
    await run(node, 'systemctl reboot --force || true').catch(() => {}); // it may take the connection with it
    await waitFor(async () => ((await boot()) !== before ? true : undefined), {
      what: 'the node to have rebooted',
      timeoutMs: 60_000,
    });
    expect(await container('echo started')).toBe('started');
  });

  test('boots with the programs that it was made with, whatever version the cluster has by then', async () => {
    const programs = () => run(node, 'ls /opt/haup/bin');
    const before = await programs();
    const folder = await mkdtemp(join(tmpdir(), 'lp-newer-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'newer'), '');
    const newer = open({
      ...{ cluster, settings: {}, signal: new AbortController().signal, progress: () => {} },
      ...{ cacheFolder: cacheFolder(process.env), environment: process.env },
      ...{ binariesFolder: folder, nodeBinariesFolder: folder },
    });
    await fault('power-off', node);
    await newer.fault!('power-on', node);
    await newer.close();
    expect(await programs()).toBe(before);
  });

  test('has an empty folder for images when its disk was wiped, and nothing when it is deleted', async () => {
    await fault('wipe-disk', node);
    expect(await readdir(join(diskOf(node), 'containerd'))).toEqual([]);
    await provider.machines.delete(node);
    expect(existsSync(diskOf(node))).toBe(false);
    expect(await groups(node)).toEqual([]);
  });
});

test('a master gets none of what a node gets', async () => {
  expect(await run(master, 'test -e /dev/kmsg || echo none')).toBe('none');
  expect(await run(master, 'test -e /var/lib/containerd || echo none')).toBe('none');
  expect(await run(master, 'test -e /opt/haup/images || echo none')).toBe('none');
  expect(existsSync(join(diskOf(master), 'containerd'))).toBe(false);
});

/** The disk that the host's root is on, or any. */
async function hostDisk(): Promise<{ major: number; minor: number }> {
  const [, , line = ''] = (await readFile('/proc/partitions', 'utf8')).split('\n');
  const [major, minor] = line.trim().split(/\s+/).map(Number);
  return { major: major!, minor: minor! };
}
