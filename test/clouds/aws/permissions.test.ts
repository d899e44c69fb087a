import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Ec2Calls, ElbCalls } from '../../../src/providers/aws/api/calls.ts';
import { ProviderError } from '../../../src/providers/errors.ts';
import type { ProviderSettings } from '../../../src/providers/provider.ts';
import { convergeNodes, type WantedNode } from '../shared/nodes.ts';
import { type AwsCloud, openCloud } from './cloud.ts';
import { cluster, connect, Operator } from './harness.ts';
import type { Policy } from './iam.ts';
import { briskDelays, end, tell } from './story.ts';

const document = readFileSync(new URL('../../../docs/aws.md', import.meta.url), 'utf8');
const policy = JSON.parse(/```json\n([\s\S]*?)```/.exec(document)![1]!) as Policy;
const granted = [...new Set(policy.Statement.flatMap((statement) => statement.Action))].sort();

/** Uses every permission: another VPC by name, an ARM machine, a stop, a start, a move there and back. */
const settings: ProviderSettings = { network: 'other', machineType: 't4g.medium' };

async function everything(cloud: AwsCloud, operator: Operator): Promise<void> {
  const one: WantedNode = { name: 'demo-node-aaa', zone: `${cloud.region}a`, pods: '10.64.0.0/24' };
  const provider = connect(cloud, operator.identity, { settings });
  try {
    await provider.preflight();
    await operator.create(provider);
    await operator.machine(provider, 'demo-master-two', `${cloud.region}b`);
    await provider.machines.reset!('demo-master-two');
    await provider.machines.stop!('demo-master-two');
    await operator.machine(provider, 'demo-master-two', `${cloud.region}b`);
    await convergeNodes(provider, [one], `${operator.attempt}`);
    // The same range on another node, and none.
    const other = { ...one, name: 'demo-node-bbb' };
    await convergeNodes(provider, [one, other], `${operator.attempt}`);
    await convergeNodes(provider, [other], `${operator.attempt}`);
    await convergeNodes(provider, [], `${operator.attempt}`);
    await operator.promote(provider, ['demo-master', 'demo-master-two']);
    await provider.balancer.setTargets(['demo-master-two']);
    await operator.demote(provider, 'demo-master-two');
    await operator.remove(provider, 'demo-master');
    await operator.delete(provider);
  } finally {
    await provider.close();
  }
}

describe('the policy of docs/aws.md', () => {
  test('grants what haup calls, the tags that these calls give, and nothing else', () => {
    const ec2 = Object.keys({
      AllocateAddress: 0,
      AssociateAddress: 0,
      AuthorizeSecurityGroupIngress: 0,
      CreateRoute: 0,
      CreateSecurityGroup: 0,
      DeleteRoute: 0,
      DeleteSecurityGroup: 0,
      DescribeAddresses: 0,
      DescribeAvailabilityZones: 0,
      DescribeImages: 0,
      DescribeInstances: 0,
      DescribeInstanceTypes: 0,
      DescribeRouteTables: 0,
      DescribeSecurityGroups: 0,
      DescribeSubnets: 0,
      DescribeVpcs: 0,
      DisassociateAddress: 0,
      ModifyInstanceAttribute: 0,
      RebootInstances: 0,
      ReleaseAddress: 0,
      ReplaceRoute: 0,
      RevokeSecurityGroupIngress: 0,
      RunInstances: 0,
      StartInstances: 0,
      StopInstances: 0,
      TerminateInstances: 0,
    } satisfies Record<keyof Ec2Calls, 0>);
    const elb = Object.keys({
      CreateListener: 0,
      CreateLoadBalancer: 0,
      CreateTargetGroup: 0,
      DeleteLoadBalancer: 0,
      DeleteTargetGroup: 0,
      DeregisterTargets: 0,
      DescribeLoadBalancers: 0,
      DescribeTags: 0,
      DescribeTargetGroups: 0,
      DescribeTargetHealth: 0,
      ModifyLoadBalancerAttributes: 0,
      ModifyTargetGroupAttributes: 0,
      RegisterTargets: 0,
      SetSubnets: 0,
    } satisfies Record<keyof ElbCalls, 0>);
    expect(granted).toEqual(
      [
        ...ec2.map((action) => `ec2:${action}`),
        ...elb.map((action) => `elasticloadbalancing:${action}`),
        'ec2:CreateTags',
        'elasticloadbalancing:AddTags',
        'iam:CreateServiceLinkedRole',
      ].sort(),
    );
  });

  test('suffices for a cluster’s whole life', async () => {
    const cloud = await openCloud({ delays: briskDelays });
    cloud.permissions.follow(policy);
    const operator = new Operator(cloud, cluster(cloud));
    await everything(cloud, operator);
    expect(cloud.left(operator.identity.uid)).toEqual([]);
    await cloud.close();
    const told = await tell((other) => {
      other.permissions.follow(policy);
      return undefined;
    });
    expect(told.seen).toEqual([]);
    await end(told);
  });

  test('does not let haup touch what is not tagged as its own', async () => {
    const cloud = await openCloud({ delays: briskDelays });
    const operator = new Operator(cloud, cluster(cloud));
    const provider = connect(cloud, operator.identity);
    await operator.create(provider);
    cloud.permissions.follow(policy);
    const instance = cloud.instance('demo-master');
    const { tags } = instance;
    instance.tags = tags.filter((tag) => tag.Key === 'Name');
    const address = [...cloud.world.addresses.values()][0]!;
    address.tags = [];
    await expect(provider.machines.delete('demo-master')).resolves.toBeUndefined(); // not ours: not seen, not touched
    expect(instance.state).toBe('running');
    expect(cloud.world.addresses.size).toBe(1);
    await provider.close();
    await cloud.close();
  });
});

describe('without one permission', () => {
  test.each(granted)('%s haup names it, and goes on when it is granted', async (action) => {
    const cloud = await openCloud({ delays: briskDelays, readings: { associateOver: 'refuses' } });
    const operator = new Operator(cloud, cluster(cloud));
    cloud.permissions.deny(action);
    const error = await everything(cloud, operator).catch((reason) => reason);
    expect(error).toBeInstanceOf(ProviderError);
    expect(['denied', 'preflight', 'transient']).toContain(error.kind);
    expect(`${error.message} ${error.advice}`).toContain(action);
    cloud.permissions.allowAgain();
    operator.attempt++;
    const provider = connect(cloud, operator.identity, { settings });
    await operator.delete(provider);
    expect(cloud.left(operator.identity.uid)).toEqual([]);
    await provider.close();
    await cloud.close();
  });
});
