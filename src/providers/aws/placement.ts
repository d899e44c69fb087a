import { once } from '../../util/once.ts';
import { ProviderError } from '../errors.ts';
import type { Subnet as Ec2Subnet } from './api/replies.ts';
import { type Context, pages, tagOf } from './context.ts';

export interface Subnet {
  readonly id: string;
  readonly zone: string;
  readonly vpcId: string;
  /** As of this run's first look. */
  readonly freeAddresses: number;
}

/** Where machines and balancer nodes stand: existing public subnets, one a zone. haup makes none. */
export interface Placement {
  vpcId(): Promise<string>;
  /** By zone, in zone order. */
  subnets(): Promise<ReadonlyMap<string, Subnet>>;
  /** @throws ProviderError `invalid` when there is no subnet in the zone. */
  subnet(zone: string): Promise<Subnet>;
}

/** Nodes of a network load balancer need that many free addresses in their subnet. ELBv2 user guide, availability zones. */
export const freeAddressesForBalancer = 8;

export function placement(context: Context): Placement {
  const subnets = once(async () => onePerZone(context, await find(context)));
  return {
    subnets,
    async vpcId() {
      return [...(await subnets()).values()][0]!.vpcId;
    },
    async subnet(zone) {
      const found = (await subnets()).get(zone);
      if (found) return found;
      throw new ProviderError('invalid', `there is no subnet for ${zone} in the network`, {
        advice: [
          { to: 'name one', setting: 'subnets' },
          `there are subnets in ${[...(await subnets()).keys()].join(', ')}`,
        ],
      });
    },
  };
}

async function find(context: Context): Promise<Ec2Subnet[]> {
  const { subnets, network } = context.settings;
  if (subnets?.length) return named(context, subnets);
  const filter = network
    ? { Name: 'vpc-id', Values: [await vpcNamed(context, network)] }
    : { Name: 'default-for-az', Values: ['true'] };
  const found = await describe(context, { Filters: [filter] });
  if (found.length > 0) return found;
  throw new ProviderError(
    'invalid',
    network
      ? `the network ${network} has no subnets`
      : `the account has no default network in ${context.cluster.region}`,
    {
      advice: [
        { to: 'name a VPC (id or Name tag)', setting: 'network' },
        { to: 'or its public subnets', setting: 'subnets' },
      ],
    },
  );
}

async function named(context: Context, wanted: readonly string[]): Promise<Ec2Subnet[]> {
  const ids = wanted.filter((name) => name.startsWith('subnet-'));
  const names = wanted.filter((name) => !name.startsWith('subnet-'));
  const found = [
    ...(ids.length ? await describe(context, { SubnetIds: ids }) : []),
    ...(names.length ? await describe(context, { Filters: [{ Name: 'tag:Name', Values: names }] }) : []),
  ];
  const missing = wanted.filter(
    (name) => !found.some((it) => it.SubnetId === name || tagOf(it, 'Name') === name),
  );
  if (missing.length) throw new ProviderError('not-found', `no subnet is named ${missing.join(', ')}`);
  return found;
}

async function describe(
  context: Context,
  input: { SubnetIds?: string[]; Filters?: { Name: string; Values: string[] }[] },
): Promise<Ec2Subnet[]> {
  return pages(
    (token) => context.api.ec2('DescribeSubnets', { ...input, ...token }),
    (page) => page.Subnets,
  );
}

async function vpcNamed(context: Context, network: string): Promise<string> {
  if (network.startsWith('vpc-')) return network;
  const found = await pages(
    (token) =>
      context.api.ec2('DescribeVpcs', { Filters: [{ Name: 'tag:Name', Values: [network] }], ...token }),
    (page) => page.Vpcs,
  );
  if (found.length === 1) return found[0]!.VpcId;
  throw new ProviderError(
    found.length ? 'invalid' : 'not-found',
    found.length ? `${found.length} networks are named ${network}` : `no network is named ${network}`,
    { advice: 'Name it by its id: --network vpc-….' },
  );
}

function onePerZone(context: Context, all: readonly Ec2Subnet[]): ReadonlyMap<string, Subnet> {
  const { region } = context.cluster;
  // Local and Wavelength Zones (us-west-2-lax-1a) cannot hold a network load balancer. ELBv2 user guide.
  const usable = all.filter((subnet) => new RegExp(`^${region}[a-z]$`).test(subnet.AvailabilityZone ?? ''));
  if (usable.length === 0)
    throw new ProviderError('invalid', `none of the subnets is in a zone of ${region}`, {
      advice: { to: 'name public subnets of this region', setting: 'subnets' },
    });
  if (new Set(usable.map((subnet) => subnet.VpcId)).size > 1)
    throw new ProviderError('invalid', 'the subnets belong to several networks', {
      advice: 'Name subnets of one VPC, at most one a zone.',
    });
  const zones = [...new Set(usable.map((subnet) => subnet.AvailabilityZone!))].sort();
  return new Map(
    zones.map((zone) => [
      zone,
      pick(
        zone,
        usable.filter((subnet) => subnet.AvailabilityZone === zone),
      ),
    ]),
  );
}

/** A zone's default subnet, or else the only one that gives public addresses, or else the only one. */
function pick(zone: string, candidates: readonly Ec2Subnet[]): Subnet {
  const defaults = candidates.filter((subnet) => subnet.DefaultForAz);
  const open = candidates.filter((subnet) => subnet.MapPublicIpOnLaunch);
  const choice = [defaults, open, candidates].find((set) => set.length === 1)?.[0];
  if (!choice)
    throw new ProviderError('invalid', `there are ${candidates.length} subnets in ${zone}`, {
      advice: [
        { to: 'say which one', setting: 'subnets' },
        `there are ${candidates.map((subnet) => subnet.SubnetId).join(', ')}`,
      ],
    });
  return {
    id: choice.SubnetId,
    zone,
    vpcId: choice.VpcId,
    freeAddresses: choice.AvailableIpAddressCount ?? 0,
  };
}
