import { isIPv6 } from 'node:net';
import type { IpPermission } from '@aws-sdk/client-ec2';
import type { Ec2Calls } from '../../../src/providers/aws/api/calls.ts';
import { formatCidr, parseCidr } from '../../../src/util/ipv4.ts';
import { byIds, type Handlers } from './ec2-network.ts';
import { leadPods } from './ec2-routes.ts';
import { checkNames, matches, page } from './filters.ts';
import { refuse } from './refusal.ts';
import { newTags } from './tags.ts';
import type { GroupThing, World } from './world.ts';

/** Each network has one of its own (VPC user guide, "Default security groups"). */
function defaultGroups(world: World): GroupThing[] {
  return [...world.vpcs.values()].map(({ id: vpcId, createdAt }) => ({
    ...{ id: vpcId.replace('vpc-', 'sg-'), createdAt, vpcId, tags: [], rules: [] },
    ...{ name: 'default', description: 'default VPC security group' },
  }));
}

export function groupHandlers(
  world: World,
): Handlers<
  Ec2Calls,
  | 'CreateSecurityGroup'
  | 'DeleteSecurityGroup'
  | 'DescribeSecurityGroups'
  | 'AuthorizeSecurityGroupIngress'
  | 'RevokeSecurityGroupIngress'
> {
  const group = (id: string | undefined) =>
    byIds(
      world,
      world.groups,
      [id ?? refuse('MissingParameter', 'GroupId is missing')],
      'InvalidGroup.NotFound',
    )[0]!;

  return {
    CreateSecurityGroup(input) {
      const { GroupName = '', Description = '', VpcId = '' } = input;
      if (!world.vpcs.has(VpcId)) refuse('InvalidVpcID.NotFound', `The vpc ID '${VpcId}' does not exist`);
      // EC2 reference, CreateSecurityGroup: up to 255 of these characters, not beginning with "sg-".
      if (!/^[\w .:/()#,@[\]+=&;{}!$*-]{1,255}$/.test(GroupName) || GroupName.startsWith('sg-'))
        refuse('InvalidParameterValue', `Value (${GroupName}) for parameter GroupName is invalid`);
      if (!/^[\w .:/()#,@[\]+=&;{}!$*-]{1,255}$/.test(Description))
        refuse('InvalidParameterValue', `Value (${Description}) for parameter GroupDescription is invalid`);
      if ([...world.groups.values()].some((other) => other.name === GroupName && other.vpcId === VpcId))
        refuse(
          'InvalidGroup.Duplicate',
          `The security group '${GroupName}' already exists for VPC '${VpcId}'`,
        );
      const id = world.newId('sg');
      world.groups.set(id, {
        id,
        createdAt: world.now,
        name: GroupName,
        description: Description,
        vpcId: VpcId,
        rules: [],
        tags: newTags(input.TagSpecifications, 'security-group'),
      });
      return { GroupId: id };
    },

    DeleteSecurityGroup(input) {
      const gone = group(input.GroupId);
      const user = userOf(world, gone);
      if (user) refuse('DependencyViolation', `resource ${gone.id} has a dependent object`);
      world.groups.delete(gone.id);
      return { GroupId: gone.id };
    },

    DescribeSecurityGroups(input) {
      checkNames(input.Filters, ['group-name', 'vpc-id', 'group-id']);
      const some = input.GroupIds
        ? byIds(world, world.groups, input.GroupIds, 'InvalidGroup.NotFound')
        : [...world.known(world.groups), ...defaultGroups(world)];
      const all = some.filter((one) =>
        matches(
          input.Filters,
          { 'group-name': [one.name], 'vpc-id': [one.vpcId], 'group-id': [one.id] },
          one.tags,
        ),
      );
      const { items, NextToken } = page(all, input, world.options.pageSize);
      return {
        SecurityGroups: items.map((one) => ({
          GroupId: one.id,
          GroupName: one.name,
          Description: one.description,
          VpcId: one.vpcId,
          OwnerId: world.accountId,
          Tags: one.tags,
          IpPermissions: merged(one.rules),
        })),
        ...(NextToken ? { NextToken } : {}),
      };
    },

    async AuthorizeSecurityGroupIngress(input) {
      const to = group(input.GroupId);
      const rules = split(world, input.IpPermissions);
      if (new Set(rules.map(key)).size < rules.length)
        refuse('InvalidParameterValue', 'The same permission must not appear multiple times');
      // All or nothing. EC2 reference: InvalidPermission.Duplicate.
      for (const rule of rules)
        if (to.rules.some((other) => key(other) === key(rule)))
          refuse('InvalidPermission.Duplicate', `the specified rule "${key(rule)}" already exists`);
      if (to.rules.length + rules.length > 60)
        refuse(
          'RulesPerSecurityGroupLimitExceeded',
          'The maximum number of rules per security group has been reached.',
        );
      to.rules.push(...rules);
      await leadPods(world);
      return { Return: true };
    },

    async RevokeSecurityGroupIngress(input) {
      const from = group(input.GroupId);
      const rules = split(world, input.IpPermissions);
      for (const rule of rules)
        if (!from.rules.some((other) => key(other) === key(rule)))
          refuse('InvalidPermission.NotFound', 'The specified rule does not exist in this security group.');
      from.rules = from.rules.filter((other) => !rules.some((rule) => key(rule) === key(other)));
      await leadPods(world);
      return { Return: true };
    },
  };
}

/** Who still needs the group: another group's rules, or an interface, also for a while after its owner is gone. */
function userOf(world: World, group: GroupThing): string | null {
  for (const other of world.groups.values())
    if (other !== group && other.rules.some((rule) => rule.UserIdGroupPairs?.[0]?.GroupId === group.id))
      return other.id;
  for (const instance of world.instances.values())
    if (
      instance.groups.includes(group.id) &&
      !(instance.interfaceGoneAt !== null && world.now >= instance.interfaceGoneAt)
    )
      return instance.id;
  for (const balancer of world.balancers.values()) if (balancer.groups.includes(group.id)) return balancer.id;
  const leftover = world.leftovers.find((one) => one.groups.includes(group.id) && world.now < one.goneAt);
  return leftover ? 'a network interface' : null;
}

/** One permission for each source, as EC2 counts them, and in the form that it keeps: "AWS canonicalizes IPv4 and IPv6 CIDRs" (IpRange). */
function split(world: World, permissions: readonly IpPermission[] | undefined): IpPermission[] {
  return (permissions ?? []).flatMap(
    ({ IpProtocol, FromPort, ToPort, IpRanges, Ipv6Ranges, UserIdGroupPairs }) => {
      const base = { IpProtocol, FromPort, ToPort };
      for (const range of IpRanges ?? [])
        if (!/^\d+\.\d+\.\d+\.\d+\/\d+$/.test(range.CidrIp ?? ''))
          refuse('InvalidParameterValue', `CIDR block ${range.CidrIp} is malformed`);
      for (const pair of UserIdGroupPairs ?? [])
        byIds(world, world.groups, [pair.GroupId ?? ''], 'InvalidGroup.NotFound');
      return [
        ...(IpRanges ?? []).map((range) => ({
          ...base,
          IpRanges: [{ ...range, CidrIp: formatCidr(parseCidr(range.CidrIp!)) }],
        })),
        ...(Ipv6Ranges ?? []).map((range) => ({
          ...base,
          Ipv6Ranges: [{ ...range, CidrIpv6: canonicalIpv6(range.CidrIpv6) }],
        })),
        ...(UserIdGroupPairs ?? []).map((pair) => ({ ...base, UserIdGroupPairs: [pair] })),
      ];
    },
  );
}

function canonicalIpv6(range = ''): string {
  const [address = '', length] = range.split('/');
  if (!isIPv6(address) || !/^\d{1,3}$/.test(length ?? '') || Number(length) > 128)
    return refuse('InvalidParameterValue', `CIDR block ${range} is malformed`);
  const short = (text: string) => new URL(`http://[${text}]`).hostname.slice(1, -1);
  const [before = '', after] = short(address).split('::');
  const missing = 8 - `${before}:${after ?? ''}`.split(':').filter(Boolean).length;
  const all = [...before.split(':'), ...Array<string>(missing).fill('0'), ...(after ?? '').split(':')].filter(
    Boolean,
  );
  const number = all.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
  const hosts = 128n - BigInt(length!);
  const hex = ((number >> hosts) << hosts).toString(16).padStart(32, '0');
  return `${short(hex.replace(/....(?!$)/g, '$&:'))}/${Number(length)}`;
}

function key(rule: IpPermission): string {
  const source =
    rule.IpRanges?.[0]?.CidrIp ?? rule.Ipv6Ranges?.[0]?.CidrIpv6 ?? rule.UserIdGroupPairs?.[0]?.GroupId ?? '';
  return `${rule.IpProtocol} ${rule.FromPort}-${rule.ToPort} ${source}`;
}

/** EC2 lists the sources of one port together. */
function merged(rules: readonly IpPermission[]): IpPermission[] {
  const byPort = new Map<string, IpPermission>();
  for (const rule of rules) {
    const port = `${rule.IpProtocol} ${rule.FromPort}-${rule.ToPort}`;
    const sum = byPort.get(port) ?? { ...rule, IpRanges: [], Ipv6Ranges: [], UserIdGroupPairs: [] };
    byPort.set(port, {
      ...sum,
      IpRanges: [...sum.IpRanges!, ...(rule.IpRanges ?? [])],
      Ipv6Ranges: [...sum.Ipv6Ranges!, ...(rule.Ipv6Ranges ?? [])],
      UserIdGroupPairs: [...sum.UserIdGroupPairs!, ...(rule.UserIdGroupPairs ?? [])],
    });
  }
  return [...byPort.values()];
}
