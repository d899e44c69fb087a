import type { Provider } from '../../../src/providers/provider.ts';
import { type CallCount, each } from '../shared/calls.ts';
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
 * A machine. RunInstances is idempotent by its token only as long as that is the same, and an instance has no name that
 * would keep a second one out: so it is looked for before. Then: it runs, with these addresses, EC2's choice.
 */
const machine = ['DescribeInstances', 'RunInstances', 'DescribeInstances'];
/** What every process finds out before its first machine: the image's id of today, the zones' subnets, the groups' ids. */
const forMachines = ['DescribeImages', 'DescribeSubnets', 'DescribeSecurityGroups'];
/** By its id, found by its name; "terminated" comes later, and until then it uses its groups and its address. */
const termination = ['DescribeInstances', 'TerminateInstances', 'DescribeInstances'];

/**
 * Things are found by their tags, as ids are EC2's choice; a change is known to have taken effect once it can be seen
 * (EC2 user guide, "Eventual consistency": confirm with a describe before a dependent command).
 */
const LEAST: Readonly<Record<string, readonly string[]>> = {
  create: [
    // Two groups in the right network, the masters' and the balancer's, with their rules.
    'DescribeSubnets',
    ...['CreateSecurityGroup', 'CreateSecurityGroup', 'DescribeSecurityGroups'],
    ...['AuthorizeSecurityGroupIngress', 'AuthorizeSecurityGroupIngress'],
    // The address: AllocateAddress takes neither name nor token, so that a look is all that keeps a second one out.
    ...['DescribeAddresses', 'AllocateAddress', 'DescribeAddresses'],
    'DescribeImages',
    ...machine,
    // Minutes later, when it serves: has nobody the address yet, does the machine still run; and has it arrived.
    ...['DescribeAddresses', 'DescribeInstances', 'AssociateAddress', 'DescribeAddresses'],
  ],
  '1 → 3': [
    ...forMachines,
    ...each(2, ...machine),
    // Attributes cannot be given when a target group or a balancer is made.
    ...['CreateTargetGroup', 'ModifyTargetGroupAttributes'],
    ...['CreateLoadBalancer', 'ModifyLoadBalancerAttributes', 'CreateListener'],
    // It is active.
    'DescribeLoadBalancers',
    // Targets are instance ids; who is one already; all are healthy.
    ...['DescribeInstances', 'DescribeTargetHealth', 'RegisterTargets', 'DescribeTargetHealth'],
    // When their certificates are done: are the targets healthy still, and which instance has the address; does it run,
    // for then it needs another one to be reached by.
    ...['DescribeTargetHealth', 'DescribeAddresses', 'DescribeInstances'],
    ...['AllocateAddress', 'DescribeAddresses'],
    // SetSubnets names all subnets with their present mapping. All zones hold masters: one is taken out, and comes back
    // with the address once it is gone.
    ...['DescribeLoadBalancers', 'SetSubnets', 'DescribeLoadBalancers', 'AssociateAddress', 'SetSubnets'],
    // It is active again, with the address, and the targets are healthy in that zone too.
    ...['DescribeLoadBalancers', 'DescribeAddresses', 'DescribeTargetHealth'],
    // Clients come through the balancer now, so that the masters' own group lets them in no more.
    'RevokeSecurityGroupIngress',
  ],
  replace: [
    ...forMachines,
    ...machine,
    // The target group's ARN, the instances' ids; who is a target; healthy; drained.
    ...['DescribeTargetGroups', 'DescribeInstances', 'DescribeTargetHealth'],
    ...['RegisterTargets', 'DescribeTargetHealth', 'DeregisterTargets', 'DescribeTargetHealth'],
    ...termination,
    // It had an address of its own since the API address had left it.
    ...['DescribeAddresses', 'ReleaseAddress'],
  ],
  delete: [
    // One by one: machines are deleted as steps of their own, of which one may fail.
    ...each(masters.length, ...termination),
    // ARNs of the balancer and its target group, and whose they are: a list of balancers does not say.
    ...['DescribeLoadBalancers', 'DescribeTargetGroups', 'DescribeTags'],
    // A target group is in use until its balancer is gone.
    ...['DeleteLoadBalancer', 'DescribeLoadBalancers', 'DeleteTargetGroup'],
    ...['DescribeAddresses', 'ReleaseAddress'],
    ...['DescribeSecurityGroups', 'DeleteSecurityGroup', 'DeleteSecurityGroup'],
    // Whatever else carries the tag: what a run made that died before it could see it.
    ...['DescribeInstances', 'DescribeLoadBalancers', 'DescribeTargetGroups', 'DescribeAddresses'],
  ],
};

/** Counts the calls of create, 1 → 3, replace and delete, in simulated time. @throws Error when something is left. */
export async function countCalls(): Promise<readonly CallCount[]> {
  const cloud = await openCloud({ delays: instant, pageSize: 0 });
  try {
    return await count(cloud);
  } finally {
    await cloud.close();
  }
}

async function count(cloud: AwsCloud): Promise<readonly CallCount[]> {
  const identity = cluster(cloud);
  const counts: CallCount[] = [];
  /** Each operation is a process of its own, which knows nothing but what it asks for. */
  async function operation(name: string, steps: (p: Provider) => Promise<void>): Promise<void> {
    const p = connect(cloud, identity);
    const from = cloud.faults.calls.length;
    await steps(p);
    const calls = cloud.faults.calls.slice(from).map((call) => call.method.replace(/.*:/, ''));
    counts.push({ cloud: 'AWS', operation: name, calls, polling: 0, least: LEAST[name]! });
    await p.close();
  }
  const make = (p: Provider, name: string, index: number) =>
    p.machines.create({ name, zone: zone(cloud, index), role: 'master', bootScript, requestToken: name });

  await operation('create', async (p) => {
    await p.network.ensure();
    await p.address.reserve();
    await make(p, 'm1', 0);
    await p.address.handOver({ kind: 'machine', name: 'm1' });
  });
  await operation('1 → 3', async (p) => {
    await make(p, 'm2', 1);
    await make(p, 'm3', 2);
    await p.balancer.ensure([0, 1, 2].map((index) => zone(cloud, index)));
    await p.balancer.setTargets([...masters]);
    await p.address.handOver({ kind: 'balancer' });
  });
  await operation('replace', async (p) => {
    await make(p, 'm4', 0);
    await p.balancer.setTargets(['m2', 'm3', 'm4']);
    await p.machines.delete('m1');
  });
  await operation('delete', async (p) => {
    for (const name of ['m2', 'm3', 'm4']) await p.machines.delete(name);
    await p.balancer.delete();
    await p.address.release();
    await p.network.delete();
  });
  const left = cloud.left(identity.uid);
  if (left.length > 0) throw new Error(`left after the deletion: ${left.join(', ')}`);
  return counts;
}
