import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { deleteFabric } from '../../src/providers/local/fabric/fabric.ts';
import { endGroup } from '../../src/providers/local/groups.ts';
import { clusterKey, machineFolder } from '../../src/providers/local/paths.ts';
import { MACHINE_RECORD, writeGroups } from '../../src/providers/local/state.ts';
import type { ClusterIdentity, Machine, Provider } from '../../src/providers/provider.ts';
import { exec } from '../../src/util/exec.ts';
import { formatIp, parseCidr } from '../../src/util/ipv4.ts';
import { waitFor } from '../../src/util/wait.ts';
import type { ContractWorld } from './support/contract-world.ts';
import { localWorld } from './support/local-world.ts';

let world: ContractWorld;
const made: [ClusterIdentity, Provider][] = [];

beforeAll(async () => {
  world = await localWorld('lp-host');
});
afterEach(async () => {
  for (const [cluster, provider] of made.splice(0)) {
    for (const machine of await provider.machines.list()) await provider.machines.delete(machine.name);
    await provider.address.release();
    await provider.network.delete();
    expect(await world.inventory(cluster)).toEqual([]);
  }
});
afterAll(() => world.close());

function newProvider(): [ClusterIdentity, Provider] {
  const cluster = world.newCluster();
  const provider = world.open(cluster);
  made.push([cluster, provider]);
  return [cluster, provider];
}

async function withMachine(bootScript?: string): Promise<[ClusterIdentity, Provider, Machine]> {
  const [cluster, provider] = newProvider();
  await provider.network.ensure();
  const script = bootScript ?? (await world.bootScript(cluster, 'lp-same'));
  const request = {
    name: 'lp-same',
    zone: 'local-a',
    role: 'master',
    bootScript: script,
    requestToken: 't',
  } as const;
  return [cluster, provider, await provider.machines.create(request)];
}

test('two clusters with machines of one name live side by side, and reach each other’s API and Services in a group alone', async () => {
  const sides = await Promise.all([withMachine(), withMachine()]);
  const [[cluster, provider, left], [other, neighbour, right]] = sides;
  expect(left.sshHost).not.toBe(right.sshHost);
  await world.run(left, 'echo left > /root/side');
  await world.run(right, 'echo right > /root/side');
  expect(await world.run(left, 'cat /root/side')).toBe('left\n');
  const url = `https://${right.externalIp}:${cluster.apiPort}/readyz`;
  expect(await world.run(left, `curl -sk --max-time 2 ${url} || echo "ended with $?"`)).toBe(
    'ended with 28\n',
  );

  const { ip: api } = await neighbour.address.reserve();
  await neighbour.address.handOver({ kind: 'machine', name: right.name });
  const holder = (await neighbour.machines.list())[0]!;
  await neighbour.services!.setNodes([right.name]);
  const service = formatIp(parseCidr(await neighbour.services!.range()).first + 8);
  await world.run(holder, `ip addr add ${service}/32 dev lo`);
  const pod = '10.200.1.5';
  await provider.network.routes.ensure({ destination: '10.200.1.0/24', machine: left.name });
  await world.run(left, `ip addr add ${pod}/32 dev lo`);
  /** From the machine and from a pod on it. */
  const asked = async (ip: string, port = 443): Promise<string[]> => {
    const ask = (more: string) =>
      `(curl -sk --max-time 1 ${more} https://${ip}:${port}/readyz || echo "ended with $?")`;
    const command = `${ask(`--interface ${pod}`)} > /tmp/pod & ${ask('')}; echo; wait; cat /tmp/pod`;
    return (await world.run(left, command)).split(/\n+/, 2);
  };
  const reaches = (ip: string) =>
    waitFor(async () => (await asked(ip)).every((answer) => answer === right.name) || undefined, {
      what: `an answer from ${ip}`,
      timeoutMs: 60_000,
    });
  const silent = ['ended with 28', 'ended with 28'];
  const group = cluster.uid;
  await provider.network.groups!.join(group);
  expect(await asked(api)).toEqual(silent);
  // As a run that was killed right after it began leaves it.
  await writeGroups(clusterKey(other), [group]);
  expect([await neighbour.network.groups!.inForce(), await neighbour.network.ready()]).toEqual([
    false,
    false,
  ]);
  await neighbour.network.groups!.join(group);
  expect(await neighbour.network.groups!.inForce()).toBe(true);
  await reaches(api);
  await reaches(service);
  expect(await asked(api, 22)).toEqual(silent);

  await deleteFabric(clusterKey(other));
  expect(await neighbour.network.ready()).toBe(false);
  await neighbour.network.ensure();
  expect([await provider.network.ready(), await neighbour.network.ready()]).toEqual([true, true]);
  await reaches(service);

  await writeGroups(clusterKey(other), []);
  expect(await neighbour.network.groups!.inForce()).toBe(false);
  await neighbour.network.groups!.leave(group);
  expect(await neighbour.network.groups!.inForce()).toBe(true);
  expect(await asked(api)).toEqual(silent);
  expect([await provider.network.groups!.list(), await neighbour.network.groups!.list()]).toEqual([
    [group],
    [],
  ]);
  // Its group ends with the cluster that leads it.
  await neighbour.network.groups!.join(group);
  await endGroup(group, new AbortController().signal);
  expect(await neighbour.network.groups!.list()).toEqual([]);
});

test('networks that are made at the same moment get ranges of their own', async () => {
  const providers = Array.from({ length: 4 }, newProvider);
  const addresses = await Promise.all(
    providers.map(async ([, provider]) => {
      await provider.network.ensure();
      return (await provider.address.reserve()).ip;
    }),
  );
  expect(new Set(addresses.map((ip) => parseCidr(`${ip}/24`).first)).size).toBe(4);
});

test('a range that the host routes elsewhere is not used', async () => {
  const [, probe] = newProvider();
  const next = (await probe.address.reserve()).ip.replace(/\.\d+$/, '.0/24');
  await probe.network.delete();
  await exec('ip', ['route', 'add', 'blackhole', next]);
  try {
    const [, provider] = newProvider();
    expect(parseCidr(`${(await provider.address.reserve()).ip}/24`)).not.toEqual(parseCidr(next));
  } finally {
    await exec('ip', ['route', 'delete', 'blackhole', next]);
  }
});

test('a machine from before roles is a master', async () => {
  const [cluster, provider, machine] = await withMachine();
  const file = join(machineFolder(clusterKey(cluster), machine.name), MACHINE_RECORD);
  const { role, ...before } = JSON.parse(await readFile(file, 'utf8'));
  expect(role).toBe('master');
  await writeFile(file, JSON.stringify(before));
  expect(await provider.machines.list()).toEqual([machine]);
});

test('the operator’s binaries are read-only in the machine', async () => {
  const [, , machine] = await withMachine();
  expect(await world.run(machine, 'ls /opt/haup/bin; touch /opt/haup/bin/x 2>&1 || true')).toMatch(
    /ready-server.mjs\n.*Read-only file system/s,
  );
});

test('a machine outlives the process that made it', async () => {
  const [cluster, provider] = newProvider();
  const program = new URL('programs/create-machine.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--import', 'tsx', program, JSON.stringify(cluster), 'keep'], {
    stdio: 'inherit',
  });
  expect(await once(child, 'exit')).toEqual([0, null]);
  const listed = await provider.machines.list();
  expect(listed).toMatchObject([{ name: 'lp-cut', state: 'running' }]);
  expect(await provider.machines.start('lp-cut')).toEqual(listed[0]);
  await provider.balancer.delete();
});

/** Runs the preflight in a process of its own and resolves with what it said. */
async function preflight(options: {
  uid?: number;
  path?: string;
  cache?: string;
  machines?: number;
}): Promise<string> {
  const program = new URL('programs/preflight.ts', import.meta.url).pathname;
  const args = ['--import', 'tsx', program, ...(options.machines ? [String(options.machines)] : [])];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    env: {
      PATH: options.path ?? process.env.PATH,
      HAUP_CACHE: options.cache,
    },
  });
  let said = '';
  for await (const chunk of child.stdout!) said += chunk;
  return said.trim();
}

test('preflight names what is missing and the command that installs it', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'lp-cache-'));
  try {
    expect(await preflight({ cache })).toBe('ready');
    const said = await preflight({ cache, path: '/nonexistent' });
    expect(said).toMatch(/^preflight: this host lacks systemd-nspawn, ip, nft, haproxy, .*debootstrap; /);
    expect(said).toMatch(
      /apt-get install --yes debootstrap haproxy iproute2 nftables systemd-container util-linux$/,
    );
    expect(await preflight({ cache, uid: 65_534 })).toMatch(/^preflight: .*root; run haup with sudo$/);
    expect(await readdir(cache)).toEqual([]);
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
});

test('preflight names a cache that is mounted noexec, and room that is not there', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'lp-cache-'));
  await exec('mount', ['-t', 'tmpfs', '-o', 'noexec,size=1m', 'tmpfs', cache]);
  try {
    const below = join(cache, 'binaries');
    expect(await preflight({ cache: below })).toBe('ready');
    expect(await preflight({ cache: below, machines: 1 })).toMatch(
      /^preflight: .*noexec.*; mount -o remount,exec .*lp-cache-/,
    );
    await exec('mount', ['-o', 'remount,exec', cache]);
    expect(await preflight({ cache: below, machines: 1 })).toBe('ready');
    expect(await preflight({ cache: below, machines: 100_000 })).toMatch(/inotify instances in use/);
  } finally {
    await exec('umount', [cache]);
    await rm(cache, { recursive: true, force: true });
  }
});
