import { afterAll, beforeAll, expect, test } from 'vitest';
import { Program, reportGap } from './program.ts';

const delays = { setSubnets: 3000, provisioning: 5000, initial: 3000, freeAddress: 1000 };

let it: Program;
const healthy = { apiServer: 'ready', etcd: { healthy: true } };

beforeAll(async () => {
  it = await Program.start(delays);
}, 900_000);

afterAll(() => it?.close(), 300_000);

test('create makes one master, which holds the Elastic IP', async () => {
  await it.succeeds('create', '--ssh-from', '198.51.100.7/32');
  await it.until({
    converged: true,
    apiAddress: { holder: { kind: 'machine', name: 'awsx-master' } },
    etcd: { voters: 1 },
  });
});

test('two more at once, in other zones: the address goes to the load balancer, and is away for SetSubnets alone', async () => {
  const zones = ['--zones', `${it.aws.cloud.region}b,${it.aws.cloud.region}c`];
  const plan = await it.succeeds('add-replica', ...zones, '--dry-run');
  expect(plan.stdout + plan.stderr).toMatch(/lives in one zone/);
  const ended = await it.succeeds('add-replica', ...zones);
  reportGap(ended, 'promotion', delays.setSubnets);
  const target = { health: 'healthy' };
  await it.until({
    converged: true,
    apiAddress: { holder: { kind: 'balancer' } },
    loadBalancer: { targets: [target, target, target] },
    replicas: [healthy, healthy, healthy],
    etcd: { voters: 3, healthy: 3 },
  });
});

test('the load balancer’s DNS name is offered, and every master answers to it', async () => {
  await it.isNamedOn((await it.status()).replicas.map((replica) => replica.name));
});

test('a dead replica is replaced, and its successor answers to the DNS name', async () => {
  const dead = (await it.status()).replicas.find((replica) => replica.zone.endsWith('b'))!.name;
  await it.aws.cloud.stop(dead);
  await it.succeeds('replace-replica', dead);
  const now = await it.until({
    converged: true,
    replicas: [healthy, healthy, healthy],
    etcd: { voters: 3, healthy: 3 },
  });
  const names = now.replicas.map((replica) => replica.name);
  expect(names).not.toContain(dead);
  await it.isNamedOn(names);
});

test('the zone of the Elastic IP is lost without a word of AWS’s: status says so, and repair brings the address back in another', async () => {
  const ip = (await it.status()).apiAddress!.ip;
  const [balancer] = it.aws.cloud.world.balancers.values();
  const zone = balancer!.nodes.find((node) => node.ip === ip)!.subnet.zone;
  for (const replica of (await it.status()).replicas.filter((one) => one.zone === zone))
    await it.aws.machines.provider.fault!('power-off', replica.name);
  await it.aws.cloud.loseZone(zone, false);
  const lost = await it.until({
    converged: false,
    warnings: expect.arrayContaining([expect.stringContaining(`nobody reaches ${ip}`)]),
  });
  expect(lost.warnings.join()).toContain(zone);
  await it.succeeds('repair');
  const now = await it.until({ apiAddress: { ip, holder: { kind: 'balancer' } } });
  expect(now.warnings.join()).not.toContain('nobody reaches');
  const [after] = it.aws.cloud.world.balancers.values();
  expect(after!.nodes.find((node) => node.ip === ip)!.subnet.zone).not.toBe(zone);
  await it.isNamedOn(now.replicas.filter((one) => one.zone !== zone).map((one) => one.name));
});

test('down to one master, which gets the address back', async () => {
  const { replicas } = await it.status();
  const dead = replicas.find((replica) => replica.apiServer !== 'ready')!.name;
  await it.succeeds('remove-replica', dead);
  const [leaving] = (await it.status()).replicas;
  const ended = await it.succeeds('remove-replica', leaving!.name);
  reportGap(ended, 'demotion', delays.freeAddress);
  await it.until({
    converged: true,
    apiAddress: { holder: { kind: 'machine' } },
    loadBalancer: null,
    etcd: { voters: 1 },
  });
});

test('delete leaves nothing', async () => {
  await it.succeeds('delete', '--yes');
  it.isEmpty();
});
