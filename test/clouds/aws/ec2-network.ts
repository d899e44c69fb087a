import type { Ec2Calls } from '../../../src/providers/aws/api/calls.ts';
import { matches, page } from './filters.ts';
import { refuse } from './refusal.ts';
import type { Thing, World } from './world.ts';

export type Handlers<Calls extends object, Names extends keyof Calls = keyof Calls> = {
  [A in Names]: Calls[A] extends [infer Input, infer Output]
    ? (input: Input, call: CallInfo) => Output | Promise<Output>
    : never;
};

/** What a handler may know of the call beside its input. */
export interface CallInfo {
  /** What was asked begins, and fails later with this. */
  readonly failLater: { readonly code: string; readonly message: string } | null;
}

/** Things by their ids, each of which must be known. */
export function byIds<T extends Thing>(
  world: World,
  all: ReadonlyMap<string, T>,
  ids: readonly string[],
  code: string,
): T[] {
  return ids.map((id) => {
    const thing = all.get(id);
    if (!thing || !world.isKnown(thing)) return refuse(code, `The ID '${id}' does not exist`);
    return thing;
  });
}

/** Zones, VPCs, subnets, images and instance types: what the account has before haup comes. */
export function networkHandlers(
  world: World,
): Handlers<
  Ec2Calls,
  | 'DescribeAvailabilityZones'
  | 'DescribeVpcs'
  | 'DescribeSubnets'
  | 'DescribeImages'
  | 'DescribeInstanceTypes'
> {
  const { region, pageSize } = world.options;
  return {
    DescribeAvailabilityZones: (input) => ({
      AvailabilityZones: [...world.zones]
        .map(([ZoneName, state]) => ({
          ZoneName,
          RegionName: region,
          State: state,
          ZoneType: /[a-z]$/.test(ZoneName) ? 'availability-zone' : 'local-zone',
          OptInStatus: 'opt-in-not-required' as const,
          Messages: state === 'available' ? [] : [{ Message: `${ZoneName} is ${state}` }],
        }))
        .filter((zone) =>
          matches(
            input.Filters,
            {
              'zone-type': [zone.ZoneType],
              'zone-name': [zone.ZoneName],
              'region-name': [region],
              state: [zone.State],
            },
            [],
          ),
        ),
    }),

    DescribeVpcs(input) {
      const all = [...world.vpcs.values()].filter((vpc) =>
        matches(input.Filters, { 'is-default': [String(vpc.isDefault)], 'vpc-id': [vpc.id] }, vpc.tags),
      );
      const { items, NextToken } = page(all, input, pageSize);
      return {
        Vpcs: items.map((vpc) => ({
          VpcId: vpc.id,
          IsDefault: vpc.isDefault,
          Tags: vpc.tags,
          State: 'available',
        })),
        ...(NextToken ? { NextToken } : {}),
      };
    },

    DescribeSubnets(input) {
      const some = input.SubnetIds
        ? byIds(world, world.subnets, input.SubnetIds, 'InvalidSubnetID.NotFound')
        : [...world.subnets.values()];
      const all = some.filter((subnet) =>
        matches(
          input.Filters,
          {
            'vpc-id': [subnet.vpcId],
            'subnet-id': [subnet.id],
            'default-for-az': [String(subnet.isDefault)],
            'availability-zone': [subnet.zone],
          },
          subnet.tags,
        ),
      );
      const { items, NextToken } = page(all, input, pageSize);
      return {
        Subnets: items.map((subnet) => ({
          SubnetId: subnet.id,
          VpcId: subnet.vpcId,
          AvailabilityZone: subnet.zone,
          DefaultForAz: subnet.isDefault,
          MapPublicIpOnLaunch: subnet.opensPublicly,
          AvailableIpAddressCount: subnet.freeAddresses,
          State: 'available',
          Tags: subnet.tags,
        })),
        ...(NextToken ? { NextToken } : {}),
      };
    },

    DescribeImages(input) {
      const some = input.ImageIds
        ? input.ImageIds.map(
            (id) =>
              world.images.get(id) ??
              refuse('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`),
          )
        : [...world.images.values()];
      const all = some
        .filter((image) => !input.Owners?.length || input.Owners.includes(image.owner))
        .filter((image) =>
          matches(
            input.Filters,
            {
              name: [image.name],
              state: ['available'],
              'root-device-type': ['ebs'],
              architecture: [image.architecture],
            },
            image.tags,
          ),
        );
      const { items, NextToken } = page(all, input, pageSize);
      return {
        Images: items.map((image) => ({
          ImageId: image.id,
          Name: image.name,
          OwnerId: image.owner,
          CreationDate: image.created,
          Architecture: image.architecture,
          RootDeviceName: image.rootDevice,
          RootDeviceType: 'ebs',
          State: 'available',
        })),
        ...(NextToken ? { NextToken } : {}),
      };
    },

    DescribeInstanceTypes: (input) => ({
      InstanceTypes: (input.InstanceTypes ?? []).map((type) => ({
        InstanceType: type,
        ProcessorInfo: { SupportedArchitectures: [architectureOf(type)] },
      })),
    }),
  };
}

/** The families of this test cloud. */
const families = new Map<string, 'x86_64' | 'arm64'>([
  ['t3', 'x86_64'],
  ['m5', 'x86_64'],
  ['t4g', 'arm64'],
  ['m7g', 'arm64'],
]);

export function architectureOf(type: string): 'x86_64' | 'arm64' {
  return (
    families.get(type.split('.')[0]!) ??
    refuse('InvalidInstanceType', `The following supplied instance types do not exist: [${type}]`)
  );
}
