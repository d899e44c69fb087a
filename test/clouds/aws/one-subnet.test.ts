import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureOfflineImages } from '../../../src/artifacts/images/offline.ts';
import { leadPods } from './ec2-routes.ts';
import { Program, reportGap } from './program.ts';

const delays = { setSubnets: 3000, provisioning: 5000, initial: 3000, freeAddress: 1000 };
const zone = 'eu-west-1a';

let it: Program;

beforeAll(async () => {
  it = await Program.start(delays);
}, 900_000);

afterAll(() => it?.close(), 300_000);

test('with one subnet the address is away while the balancer is provisioned with it, as the plan said before', async () => {
  const images = Object.values(await ensureOfflineImages({ environment: process.env })).flatMap((image) => [
    '--images',
    image,
  ]);
  const access = ['--subnets', 'subnet-0defaulta', '--ssh-from', '198.51.100.7/32'];
  await it.succeeds('create', ...access, '--cluster-cidr', '10.64.0.0/16', ...images);
  const plan = await it.succeeds('add-replica', '--zone', zone, '--dry-run');
  expect(plan.stdout + plan.stderr).toMatch(/With a single subnet .* the API is away for minutes/);
  const ended = await it.succeeds('add-replica', '--zone', zone);
  reportGap(ended, 'promotion', delays.provisioning);
  await it.until({
    converged: true,
    apiAddress: { holder: { kind: 'balancer' } },
    etcd: { voters: 2, healthy: 2 },
  });
});

test('every master answers to the DNS name of the balancer, which was made anew with the address; so does one that comes later', async () => {
  await it.isNamedOn((await it.status()).replicas.map((replica) => replica.name));
  await it.succeeds('add-replica', '--zone', zone);
  const now = await it.until({ converged: true, etcd: { voters: 3, healthy: 3 } });
  await it.isNamedOn(now.replicas.map((replica) => replica.name));
});

test('nodes join by the balancer, and their pods reach each other as long as the nodes forward', async () => {
  await it.succeeds('add-node', '--count', '2');
  const { nodes, reach } = await it.podsOnNodes();
  const { world } = it.aws.cloud;
  for (const { name, providerId } of nodes)
    expect(providerId).toBe(`aws:///${zone}/${it.aws.cloud.instance(name).id}`);
  expect(nodes.map((node) => [node.region, node.zone])).toEqual([
    ['eu-west-1', zone],
    ['eu-west-1', zone],
  ]);
  expect(await reach()).toBe(true);
  it.aws.cloud.instance(nodes[1]!.name).sourceDestCheck = true;
  await leadPods(world);
  expect(await reach()).toBe(false);
});

test('delete leaves nothing', async () => {
  await it.succeeds('delete', '--yes');
  it.isEmpty();
});
