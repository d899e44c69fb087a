import type { Instance, RunInstancesRequest } from '@aws-sdk/client-ec2';
import type { Ec2Calls } from '../../../src/providers/aws/api/calls.ts';
import { roleOf } from '../../../src/providers/shared/role.ts';
import { associate, elasticIpOf } from './ec2-addresses.ts';
import { architectureOf, byIds, type Handlers } from './ec2-network.ts';
import { leadPods } from './ec2-routes.ts';
import { checkNames, matches, page } from './filters.ts';
import { refuse } from './refusal.ts';
import { newTags } from './tags.ts';
import { type InstanceState, type InstanceThing, tagValue, type World } from './world.ts';

const stateCodes = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

export function instanceHandlers(
  world: World,
): Handlers<
  Ec2Calls,
  | 'RunInstances'
  | 'DescribeInstances'
  | 'StartInstances'
  | 'StopInstances'
  | 'RebootInstances'
  | 'TerminateInstances'
  | 'ModifyInstanceAttribute'
> {
  const { realizer } = world.options;
  /** Tokens are remembered for good: longer than EC2 does, which is the harder case. */
  const tokens = new Map<string, { fingerprint: string; id: string }>();

  const named = ({ InstanceIds = [] }: { InstanceIds?: string[] | undefined }) =>
    byIds(world, world.instances, InstanceIds, 'InvalidInstanceID.NotFound');

  return {
    async RunInstances(input, call) {
      const { ClientToken, ...rest } = input;
      const fingerprint = JSON.stringify(rest);
      const earlier = ClientToken ? tokens.get(ClientToken) : undefined;
      if (earlier) {
        const instance = world.instances.get(earlier.id)!;
        // EC2 reference, "Ensuring idempotency".
        if (earlier.fingerprint !== fingerprint)
          refuse(
            'IdempotentParameterMismatch',
            'The request uses the same client token as a previous, but non-identical request.',
          );
        if (instance.state === 'terminated' || instance.state === 'shutting-down')
          refuse('IdempotentInstanceTerminated', `Instance '${instance.id}' was terminated.`);
        return { Instances: [view(world, instance)] };
      }
      const checked = check(world, input);
      const name = tagValue({ tags: checked.tags }, 'Name') ?? 'unnamed';
      const id = world.newId('i');
      // Addresses are given at launch, before the machine runs.
      const instance: InstanceThing = {
        ...checked,
        id,
        createdAt: world.now,
        state: 'pending',
        stale: null,
        reason: null,
        internalIp: '',
        ephemeralIp: checked.publicIp ? realizer.allocateAddress() : null,
        interfaceGoneAt: null,
        sourceDestCheck: true,
      };
      world.instances.set(id, instance);
      if (ClientToken) tokens.set(ClientToken, { fingerprint, id });
      if (call.failLater) {
        const { code, message } = call.failLater;
        world.after(world.delays.pending, () => {
          instance.state = 'terminated';
          instance.reason = { Code: code, Message: message };
          instance.interfaceGoneAt = world.now;
          if (instance.ephemeralIp) realizer.freeAddress(instance.ephemeralIp);
          instance.ephemeralIp = null;
        });
        return { Instances: [view(world, instance)] };
      }
      const { internalIp } = await realizer.create(
        { id, name, role: roleOf(tagValue(instance, 'haup-role'), name), zone: instance.subnet.zone },
        instance.userData,
      );
      instance.internalIp = internalIp;
      if (instance.ephemeralIp) await realizer.route(instance.ephemeralIp, { kind: 'machine', id });
      world.after(world.delays.pending, () => {
        if (instance.state === 'pending') instance.state = 'running';
        return leadPods(world);
      });
      return { Instances: [view(world, instance)] };
    },

    DescribeInstances(input) {
      checkNames(input.Filters, ['instance-id', 'instance-state-name', 'availability-zone', 'vpc-id']);
      if (input.InstanceIds && input.MaxResults !== undefined)
        refuse('InvalidParameterCombination', 'The parameter instancesSet cannot be used with maxResults');
      const some = input.InstanceIds
        ? byIds(world, world.instances, input.InstanceIds, 'InvalidInstanceID.NotFound')
        : world.known(world.instances);
      const all = some.filter((one) =>
        matches(
          input.Filters,
          {
            'instance-id': [one.id],
            'instance-state-name': [shownState(world, one)],
            'availability-zone': [one.subnet.zone],
            'vpc-id': [one.subnet.vpcId],
          },
          one.tags,
        ),
      );
      const { items, NextToken } = page(all, input, world.options.pageSize);
      return {
        // Launched separately: a reservation each.
        Reservations: items.map((one) => ({
          ReservationId: one.id.replace(/^i-/, 'r-'),
          OwnerId: world.accountId,
          Instances: [view(world, one)],
        })),
        ...(NextToken ? { NextToken } : {}),
      };
    },

    async StartInstances(input) {
      for (const one of named(input)) {
        if (one.state === 'running' || one.state === 'pending') continue;
        if (one.state !== 'stopped')
          refuse(
            'IncorrectInstanceState',
            `The instance '${one.id}' is not in a state from which it can be started.`,
          );
        one.stale = { state: one.state, until: world.now + world.delays.staleState };
        one.state = 'pending';
        await realizer.start(one.id, null); // user data runs once: cloud-init, at the first boot
        if (!elasticIpOf(world, one)) {
          one.ephemeralIp = realizer.allocateAddress();
          await realizer.route(one.ephemeralIp, { kind: 'machine', id: one.id });
        }
        world.after(world.delays.pending, () => {
          if (one.state === 'pending') one.state = 'running';
          return leadPods(world);
        });
      }
      return {};
    },

    async StopInstances(input) {
      for (const one of named(input)) {
        if (one.state === 'stopped' || one.state === 'stopping') continue;
        if (one.state !== 'running')
          refuse(
            'IncorrectInstanceState',
            `The instance '${one.id}' is not in a state from which it can be stopped.`,
          );
        await stopInstance(world, one);
      }
      return {};
    },

    async RebootInstances(input) {
      for (const one of named(input)) {
        if (one.state !== 'running')
          refuse(
            'IncorrectInstanceState',
            `The instance '${one.id}' is not in a state from which it can be rebooted.`,
          );
        // It stays "running" and keeps its addresses. EC2 user guide, "Reboot your instance"
        await realizer.stop(one.id);
        await realizer.start(one.id, null);
      }
      return {};
    },

    async ModifyInstanceAttribute(input) {
      const [one] = byIds(world, world.instances, [input.InstanceId ?? ''], 'InvalidInstanceID.NotFound');
      const value = input.SourceDestCheck?.Value;
      if (value === undefined) refuse('InvalidParameterCombination', 'No attributes specified.');
      one!.sourceDestCheck = value!;
      await leadPods(world);
      return {};
    },

    async TerminateInstances(input) {
      for (const one of named(input)) {
        if (one.state === 'shutting-down' || one.state === 'terminated') continue;
        one.state = 'shutting-down';
        world.after(world.delays.shuttingDown, () => terminate(world, one));
      }
      return {};
    },
  };
}

async function terminate(world: World, one: InstanceThing): Promise<void> {
  const { realizer } = world.options;
  one.state = 'terminated';
  one.interfaceGoneAt = world.now + world.delays.interfaceRelease;
  await leadPods(world);
  await freeEphemeral(world, one);
  const elastic = elasticIpOf(world, one);
  if (elastic) await associate(world, elastic, null);
  // A terminated instance is deregistered by the balancer itself. ELBv2 user guide, "Register targets".
  for (const group of world.targetGroups.values())
    group.targets = group.targets.filter((target) => target.instanceId !== one.id);
  await realizer.delete(one.id);
}

/** Powers an instance off as its owner, or a failure of its host, would. */
export async function stopInstance(world: World, one: InstanceThing): Promise<void> {
  one.state = 'stopping';
  await leadPods(world);
  await world.options.realizer.stop(one.id);
  await freeEphemeral(world, one); // a stopped instance gives its public address back. EC2 user guide
  world.after(world.delays.stopping, () => {
    if (one.state === 'stopping') one.state = 'stopped';
  });
}

/** Ends an instance behind its owner's back. */
export async function endInstance(world: World, one: InstanceThing): Promise<void> {
  one.state = 'shutting-down';
  await terminate(world, one);
}

async function freeEphemeral(world: World, one: InstanceThing): Promise<void> {
  const { realizer } = world.options;
  if (!one.ephemeralIp) return;
  await realizer.route(one.ephemeralIp, null);
  realizer.freeAddress(one.ephemeralIp);
  one.ephemeralIp = null;
}

/** What RunInstances requires. Sources: its reference, and "Error codes". */
function check(world: World, input: RunInstancesRequest) {
  const type = input.InstanceType ?? refuse('MissingParameter', 'InstanceType is missing');
  if (input.MinCount !== 1 || input.MaxCount !== 1)
    refuse('InvalidParameterValue', 'one at a time in this cloud');
  if (input.ClientToken && !/^[\x21-\x7e]{1,64}$/.test(input.ClientToken))
    refuse('InvalidParameterValue', 'ClientToken must be at most 64 ASCII characters');
  const image = world.images.get(input.ImageId ?? '');
  if (!image) return refuse('InvalidAMIID.NotFound', `The image id '[${input.ImageId}]' does not exist`);
  if (architectureOf(type) !== image.architecture)
    refuse('InvalidParameterValue', `The architecture of the instance type does not match that of the AMI`);
  const [nic, ...more] = input.NetworkInterfaces ?? [];
  if (!nic || more.length > 0 || input.SubnetId || input.SecurityGroupIds)
    return refuse(
      'InvalidParameterCombination',
      'Network interfaces and an instance-level subnet or groups may not be specified on the same request',
    );
  const [subnet] = byIds(world, world.subnets, [nic.SubnetId ?? ''], 'InvalidSubnetID.NotFound');
  const groups = byIds(world, world.groups, nic.Groups ?? [], 'InvalidGroup.NotFound');
  if (groups.some((group) => group.vpcId !== subnet!.vpcId))
    refuse('InvalidParameter', 'The security group and the subnet belong to different networks.');
  if (subnet!.freeAddresses < 1)
    refuse('InsufficientFreeAddressesInSubnet', 'The specified subnet does not have enough free addresses.');
  const live = [...world.instances.values()].filter((one) => one.state !== 'terminated');
  if (live.length >= world.options.limits.instances)
    refuse('VcpuLimitExceeded', 'You have requested more vCPU capacity than your current vCPU limit allows.');
  if (world.lost.has(subnet!.zone))
    refuse(
      'InsufficientInstanceCapacity',
      `We currently do not have sufficient ${type} capacity in ${subnet!.zone}.`,
      500,
    );
  const userData = input.UserData === undefined ? null : Buffer.from(input.UserData, 'base64');
  if (userData && userData.byteLength > 16 * 1024)
    refuse('InvalidParameterValue', 'User data is limited to 16384 bytes');
  const root = (input.BlockDeviceMappings ?? []).find((mapping) => mapping.DeviceName === image.rootDevice);
  if ((input.BlockDeviceMappings ?? []).length > 1 || (input.BlockDeviceMappings && !root))
    refuse('InvalidBlockDeviceMapping', `The root device of this image is ${image.rootDevice}`);
  const tags = newTags(input.TagSpecifications, 'instance');
  return {
    type,
    imageId: image.id,
    subnet: subnet!,
    groups: groups.map((group) => group.id),
    interfaceId: world.newId('eni'),
    publicIp: nic.AssociatePublicIpAddress ?? subnet!.opensPublicly,
    userData: userData?.toString() ?? null,
    imds: {
      tokens: input.MetadataOptions?.HttpTokens ?? 'optional',
      hops: input.MetadataOptions?.HttpPutResponseHopLimit ?? 2,
    },
    volume: {
      encrypted: root?.Ebs?.Encrypted ?? false,
      type: root?.Ebs?.VolumeType ?? 'gp2',
      size: root?.Ebs?.VolumeSize ?? 8,
      tags: newTags(input.TagSpecifications, 'volume'),
    },
    interfaceTags: newTags(input.TagSpecifications, 'network-interface'),
    tags,
  };
}

function shownState({ now }: World, { state, stale }: InstanceThing): InstanceState {
  return stale && now < stale.until ? stale.state : state;
}

function view(world: World, one: InstanceThing): Instance {
  const elastic = elasticIpOf(world, one);
  const publicIp = elastic?.ip ?? one.ephemeralIp;
  const state = shownState(world, one);
  const gone = state === 'terminated';
  return {
    InstanceId: one.id,
    ImageId: one.imageId,
    InstanceType: one.type as never,
    State: { Code: stateCodes[state], Name: state },
    ...(one.reason ? { StateReason: one.reason } : {}),
    LaunchTime: new Date(one.createdAt),
    Placement: { AvailabilityZone: one.subnet.zone },
    Tags: one.tags,
    ...(gone
      ? {}
      : {
          PrivateIpAddress: one.internalIp,
          SourceDestCheck: one.sourceDestCheck,
          SubnetId: one.subnet.id,
          VpcId: one.subnet.vpcId,
          ...(publicIp ? { PublicIpAddress: publicIp } : {}),
          SecurityGroups: one.groups.map((GroupId) => ({ GroupId })),
          NetworkInterfaces: [
            {
              NetworkInterfaceId: one.interfaceId,
              SourceDestCheck: one.sourceDestCheck,
              PrivateIpAddress: one.internalIp,
              ...(publicIp
                ? { Association: { PublicIp: publicIp, IpOwnerId: elastic ? world.accountId : 'amazon' } }
                : {}),
            },
          ],
        }),
  };
}
