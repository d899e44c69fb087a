import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { binariesFolder, cacheFolder } from '../../../src/artifacts/cache.ts';
import { ensureBinaries } from '../../../src/artifacts/ensure.ts';
import { hostArchitecture } from '../../../src/artifacts/sources.ts';
import { DEFAULT_KUBERNETES_VERSION, defaultEtcdVersion } from '../../../src/artifacts/versions.ts';
import type { Status } from '../../../src/cluster/status.ts';
import { type RealizedAws, startRealizedAws } from './realized.ts';

const MAIN = new URL('../../../src/cli/main.ts', import.meta.url).pathname;
const release = {
  kubernetesVersion: DEFAULT_KUBERNETES_VERSION,
  etcdVersion: defaultEtcdVersion(DEFAULT_KUBERNETES_VERSION),
  arch: hostArchitecture(),
};
const delays = { setSubnets: 3000, provisioning: 5000, initial: 3000, freeAddress: 1000 };

let aws: RealizedAws;
let home: string;

beforeAll(async () => {
  const folder = binariesFolder(cacheFolder(), release);
  if (!existsSync(folder)) await ensureBinaries(release);
  aws = await startRealizedAws({ binariesFolder: folder, downloaded: release, delays });
  home = await mkdtemp(join(tmpdir(), 'awsx-home-'));
}, 900_000);

afterAll(async () => {
  await aws?.close();
  if (home) await rm(home, { recursive: true, force: true });
}, 300_000);

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program itself, with the SDK's usual chain leading to the test cloud. */
function haup(...args: string[]): Promise<Ended> {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: home,
    HAUP_HOME: home,
    ...aws.environment,
    KUBERNETES_PROVIDER: 'aws',
    ...(args[0] === 'create' ? { KUBE_AWS_ZONE: `${aws.cloud.region}a` } : {}),
    MULTIZONE: 'true',
    HAUP_CLUSTER: 'awsx',
  };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], { env });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text) => {
      stdout += text;
    });
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      for (const line of stderr.match(/measured .*/g) ?? [])
        process.stdout.write(`figure: ${args[0]}: ${line}; delays ${JSON.stringify(delays)}\n`);
      resolve({ code, stdout, stderr });
    });
  });
}

async function succeeds(...args: string[]): Promise<Ended> {
  const ended = await haup(...args);
  expect([args[0], ended.code, ended.code === 0 ? '' : ended.stderr]).toEqual([args[0], 0, '']);
  return ended;
}

async function status(): Promise<Status> {
  return JSON.parse((await haup('status', '-o', 'json')).stdout) as Status;
}

/** A busy host may make a look at etcd come too late: the status that is to be is waited for. */
async function until(expected: object): Promise<Status> {
  await expect.poll(status, { timeout: 120_000, interval: 1000 }).toMatchObject(expected);
  return status();
}

test('create makes one master, which holds the Elastic IP', async () => {
  await succeeds('create', '--ssh-from', '198.51.100.7/32');
  await until({
    converged: true,
    apiAddress: { holder: { kind: 'machine', name: 'awsx-master' } },
    etcd: { voters: 1 },
  });
});

test('two more at once, in other zones: the address goes to the load balancer', async () => {
  const zones = ['--zones', `${aws.cloud.region}b,${aws.cloud.region}c`];
  const plan = await succeeds('add-replica', ...zones, '--dry-run');
  expect(plan.stdout + plan.stderr).toMatch(/lives in one zone/);
  await succeeds('add-replica', ...zones);
  const now = await until({
    converged: true,
    apiAddress: { holder: { kind: 'balancer' } },
    etcd: { voters: 3, healthy: 3 },
  });
  expect(now.loadBalancer!.targets.map((target) => target.health)).toEqual(['healthy', 'healthy', 'healthy']);
  expect(now.replicas.every((replica) => replica.apiServer === 'ready')).toBe(true);
});

test('the load balancer’s DNS name is offered, and is on the certificates', async () => {
  const { stdout } = await succeeds('kubeconfig', '--endpoint', 'dns');
  const name = /server: https:\/\/([^:\s]+)/.exec(stdout)![1]!;
  expect(name).toMatch(/\.elb\.eu-west-1\.amazonaws\.com$/);
  const { stdout: names } = await succeeds(
    'ssh',
    'awsx-master',
    '--',
    'openssl s_client -connect 127.0.0.1:443 </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName',
  );
  expect(names).toContain(name);
});

test('a dead replica is replaced', async () => {
  const dead = (await status()).replicas.find((replica) => replica.zone.endsWith('b'))!.name;
  await aws.cloud.stop(dead);
  await succeeds('replace-replica', dead);
  const now = await until({ converged: true, etcd: { voters: 3, healthy: 3 } });
  expect(now.replicas.map((replica) => replica.name)).not.toContain(dead);
});

test('the zone of the Elastic IP is lost: status says so, and repair brings the address back in another', async () => {
  const ip = (await status()).apiAddress!.ip;
  const [balancer] = aws.cloud.world.balancers.values();
  const zone = balancer!.nodes.find((node) => node.ip === ip)!.subnet.zone;
  for (const replica of (await status()).replicas.filter((one) => one.zone === zone))
    await aws.machines.provider.fault!('power-off', replica.name);
  await aws.cloud.loseZone(zone, true);
  const lost = await status();
  expect(lost.converged).toBe(false);
  expect(lost.warnings.join()).toContain(zone);
  await succeeds('repair');
  const now = await status();
  expect(now.apiAddress).toMatchObject({ ip, holder: { kind: 'balancer' } });
  expect(now.warnings.join()).not.toContain('nobody reaches');
  const [after] = aws.cloud.world.balancers.values();
  expect(after!.nodes.find((node) => node.ip === ip)!.subnet.zone).not.toBe(zone);
});

test('down to one master, which gets the address back', async () => {
  const { replicas } = await status();
  const dead = replicas.find((replica) => replica.apiServer !== 'ready')!.name;
  await succeeds('remove-replica', dead);
  const [leaving] = (await status()).replicas;
  await succeeds('remove-replica', leaving!.name);
  const now = await until({ converged: true, loadBalancer: null, etcd: { voters: 1 } });
  expect(now.apiAddress!.holder.kind).toBe('machine');
});

test('delete leaves nothing', async () => {
  await succeeds('delete', '--yes');
  const { world } = aws.cloud;
  const live = [...world.instances.values()].filter((one) => one.state !== 'terminated');
  expect([live.length, world.addresses.size, world.groups.size, world.balancers.size]).toEqual([0, 0, 0, 0]);
  expect(world.targetGroups.size).toBe(0);
  expect(aws.machines.machines()).toEqual([]);
});
