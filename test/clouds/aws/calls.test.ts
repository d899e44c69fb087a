import { expect, test } from 'vitest';
import { type AwsCloud, openCloud } from './cloud.ts';
import { bootScript, cluster, connect } from './harness.ts';
import { type Delays, realisticDelays } from './world.ts';

/** Nothing takes time: what remains is what is not waiting. */
const instant = Object.fromEntries(
  Object.keys(realisticDelays).map((name) => [name, 0]),
) as unknown as Delays;

const masters = ['m1', 'm2', 'm3'] as const;
const zone = (cloud: AwsCloud, index: number) => `${cloud.region}${'abc'[index]}`;

/**
 * The least that the API allows for each operation: every change once, and what must be known for it. A change is only
 * known to be finished once it has been looked at, and a machine's or an address's id is in no file of haup's.
 */
const least: Record<string, readonly string[]> = {
  create: [
    // Two groups, in the right network, with their rules.
    ...['DescribeSecurityGroups', 'DescribeSubnets'],
    ...['CreateSecurityGroup', 'CreateSecurityGroup', 'DescribeSecurityGroups'],
    ...['AuthorizeSecurityGroupIngress', 'AuthorizeSecurityGroupIngress'],
    // The address.
    ...['DescribeAddresses', 'AllocateAddress', 'DescribeAddresses'],
    // The machine, unless it is there; which runs.
    ...['DescribeInstances', 'DescribeImages', 'RunInstances', 'DescribeInstances'],
    // Who has the address now, whose is it to be, may clients in; and has it arrived.
    ...['DescribeAddresses', 'DescribeInstances', 'DescribeLoadBalancers', 'DescribeSecurityGroups'],
    ...['AssociateAddress', 'DescribeAddresses'],
  ],
  'one to three': [
    ...['DescribeInstances', 'RunInstances', 'DescribeInstances'],
    ...['DescribeInstances', 'RunInstances', 'DescribeInstances'],
    ...['DescribeLoadBalancers', 'DescribeTargetGroups', 'CreateTargetGroup', 'ModifyTargetGroupAttributes'],
    ...['CreateLoadBalancer', 'ModifyLoadBalancerAttributes', 'CreateListener', 'DescribeLoadBalancers'],
    ...['DescribeInstances', 'DescribeTargetHealth', 'RegisterTargets', 'DescribeTargetHealth'],
    ...['DescribeAddresses', 'DescribeInstances', 'DescribeLoadBalancers', 'DescribeTargetGroups'],
    ...['DescribeAvailabilityZones', 'DescribeAddresses', 'AllocateAddress', 'DescribeAddresses'],
    // All zones hold masters: one is enabled anew with the address.
    ...['SetSubnets', 'DescribeLoadBalancers', 'AssociateAddress', 'SetSubnets'],
    ...['DescribeLoadBalancers', 'DescribeAddresses', 'DescribeTargetHealth'],
    ...['DescribeSecurityGroups', 'RevokeSecurityGroupIngress'],
  ],
  replace: [
    ...['DescribeInstances', 'RunInstances', 'DescribeInstances'],
    ...['DescribeTargetGroups', 'DescribeLoadBalancers', 'DescribeInstances', 'DescribeTargetHealth'],
    ...['RegisterTargets', 'DescribeTargetHealth', 'DeregisterTargets', 'DescribeTargetHealth'],
    ...[
      'DescribeInstances',
      'TerminateInstances',
      'DescribeInstances',
      'DescribeAddresses',
      'ReleaseAddress',
    ],
  ],
  delete: [
    ...masters.flatMap(() => ['DescribeInstances', 'TerminateInstances', 'DescribeInstances']),
    ...['DescribeLoadBalancers', 'DescribeTargetGroups', 'DescribeTags'],
    ...['DeleteLoadBalancer', 'DescribeLoadBalancers', 'DeleteTargetGroup'],
    ...['DescribeAddresses', 'ReleaseAddress'],
    // Whatever else carries the tag; and once more, for what was not listed yet.
    ...['DescribeInstances', 'DescribeLoadBalancers', 'DescribeTargetGroups', 'DescribeAddresses'],
    ...['DescribeSecurityGroups', 'DeleteSecurityGroup', 'DeleteSecurityGroup'],
    ...['DescribeInstances', 'DescribeLoadBalancers', 'DescribeTargetGroups', 'DescribeAddresses'],
    ...['DescribeSecurityGroups'],
  ],
};

test('every operation makes each change once, and at most half as many calls again as the API allows at least', async () => {
  const cloud = await openCloud({ delays: instant, pageSize: 0 });
  const identity = cluster(cloud);
  const p = connect(cloud, identity);
  const counts: string[] = [];
  async function measure(name: string, work: () => Promise<unknown>): Promise<void> {
    const from = cloud.faults.calls.length;
    await work();
    const calls = cloud.faults.calls.slice(from).map((call) => call.method.replace(/.*:/, ''));
    const bound = least[name]!;
    const changes = (all: readonly string[]) => all.filter((call) => !call.startsWith('Describe')).sort();
    counts.push(`${name}: ${calls.length} calls, least ${bound.length}`);
    expect(changes(calls), name).toEqual(changes(bound));
    expect(calls.length, name).toBeLessThanOrEqual(bound.length * 1.5);
  }
  const make = (name: string, index: number, token = name) =>
    p.machines.create({ name, zone: zone(cloud, index), bootScript, requestToken: token });

  await measure('create', async () => {
    await p.network.ensure();
    await p.address.reserve();
    await make('m1', 0);
    await p.address.handOver({ kind: 'machine', name: 'm1' });
  });
  await measure('one to three', async () => {
    await make('m2', 1);
    await make('m3', 2);
    await p.balancer.ensure([0, 1, 2].map((index) => zone(cloud, index)));
    await p.balancer.setTargets([...masters]);
    await p.address.handOver({ kind: 'balancer' });
  });
  await measure('replace', async () => {
    await make('m4', 0);
    await p.balancer.setTargets(['m2', 'm3', 'm4']);
    await p.machines.delete('m1');
  });
  await measure('delete', async () => {
    for (const name of ['m2', 'm3', 'm4']) await p.machines.delete(name);
    await p.balancer.delete();
    await p.address.release();
    await p.network.delete();
  });
  process.stdout.write(`figure: ${counts.join('; ')}\n`);
  expect(cloud.left(identity.uid)).toEqual([]);
  await p.close();
  await cloud.close();
});
