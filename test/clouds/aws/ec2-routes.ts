import type { CreateRouteRequest, Route } from '@aws-sdk/client-ec2';
import type { Ec2Calls } from '../../../src/providers/aws/api/calls.ts';
import { formatIp, overlap, parseCidr } from '../../../src/util/ipv4.ts';
import { opens } from './admission.ts';
import { byIds, type Handlers } from './ec2-network.ts';
import { checkNames, matches, page } from './filters.ts';
import { refuse } from './refusal.ts';
import type { InstanceThing, RouteTableThing, RouteThing, World } from './world.ts';

/** The addresses of both networks. */
const VPC = '172.31.0.0/16';

export function routeHandlers(
  world: World,
): Handlers<Ec2Calls, 'CreateRoute' | 'ReplaceRoute' | 'DeleteRoute' | 'DescribeRouteTables'> {
  const tableOf = (id: string | undefined): RouteTableThing =>
    byIds(world, world.tables, [id ?? ''], 'InvalidRouteTableID.NotFound')[0]!;
  const routeIn = (table: RouteTableThing, destination: string | undefined) =>
    table.routes.find((route) => route.goneAt === null && route.destination === destination);

  function checked(input: CreateRouteRequest): RouteThing {
    const { DestinationCidrBlock: destination = '', NetworkInterfaceId: interfaceId = '' } = input;
    if (!/^\d+\.\d+\.\d+\.\d+\/\d+$/.test(destination))
      refuse(
        'InvalidParameterValue',
        `Value (${destination}) for parameter destinationCidrBlock is invalid.`,
      );
    // What is inside of the network goes by its own route, "local". VPC user guide, "Route table concepts".
    if (overlap(parseCidr(destination), parseCidr(VPC)))
      refuse('InvalidParameterValue', `The destination CIDR block ${destination} meets the VPC's.`);
    if (!interfaceNamed(world, interfaceId))
      refuse('InvalidNetworkInterfaceID.NotFound', `The networkInterface ID '${interfaceId}' does not exist`);
    return { destination, interfaceId, since: world.now, goneAt: null };
  }

  return {
    async CreateRoute(input) {
      const table = tableOf(input.RouteTableId);
      const route = checked(input);
      if (routeIn(table, route.destination))
        refuse('RouteAlreadyExists', `The route identified by ${route.destination} already exists.`);
      if (table.routes.filter(({ goneAt }) => goneAt === null).length >= world.options.limits.routes)
        refuse('RouteLimitExceeded', `The maximum number of routes has been reached in ${table.id}.`);
      table.routes.push(route);
      await leadPods(world);
      return { Return: true };
    },

    async ReplaceRoute(input) {
      const table = tableOf(input.RouteTableId);
      const before = routeIn(table, input.DestinationCidrBlock);
      if (!before) return refuse('InvalidRoute.NotFound', `no route with destination-cidr-block`);
      const after = checked(input);
      before.goneAt = world.now;
      table.routes.push(after);
      await leadPods(world);
      return {};
    },

    async DeleteRoute(input) {
      const gone = routeIn(tableOf(input.RouteTableId), input.DestinationCidrBlock);
      if (!gone) return refuse('InvalidRoute.NotFound', `no route with destination-cidr-block`);
      gone.goneAt = world.now;
      await leadPods(world);
      return {};
    },

    DescribeRouteTables(input) {
      checkNames(input.Filters, ['vpc-id', 'route-table-id', 'association.main', 'association.subnet-id']);
      const all = [...world.tables.values()].filter((table) =>
        matches(
          input.Filters,
          {
            'vpc-id': [table.vpcId],
            'route-table-id': [table.id],
            'association.main': [String(table.main)],
            'association.subnet-id': table.subnets,
          },
          table.tags,
        ),
      );
      const { items, NextToken } = page(all, input, world.options.pageSize);
      return {
        RouteTables: items.map((table) => ({
          RouteTableId: table.id,
          VpcId: table.vpcId,
          Associations: [
            ...(table.main ? [{ Main: true, RouteTableId: table.id }] : []),
            ...table.subnets.map((SubnetId) => ({ Main: false, RouteTableId: table.id, SubnetId })),
          ],
          Routes: [
            { DestinationCidrBlock: VPC, GatewayId: 'local', Origin: 'CreateRouteTable', State: 'active' },
            { DestinationCidrBlock: '0.0.0.0/0', GatewayId: 'igw-0', Origin: 'CreateRoute', State: 'active' },
            ...shown(world, table),
          ],
        })),
        ...(NextToken ? { NextToken } : {}),
      };
    },
  };
}

/** What has spread by now: a route that was replaced is shown as it was, one that was deleted is shown still. */
function shown(world: World, table: RouteTableThing): Route[] {
  const { consistency } = world.delays;
  return table.routes
    .filter(
      ({ since, goneAt }) =>
        world.now >= since + consistency && (goneAt === null || world.now < goneAt + consistency),
    )
    .map(({ destination, interfaceId }): Route => {
      const owner = interfaceNamed(world, interfaceId);
      const base = {
        DestinationCidrBlock: destination,
        NetworkInterfaceId: interfaceId,
        Origin: 'CreateRoute' as const,
      };
      // VPC user guide, "Route table concepts": a target that is not available makes the route a blackhole.
      const State = owner?.state === 'running' ? ('active' as const) : ('blackhole' as const);
      return owner
        ? { ...base, InstanceId: owner.id, InstanceOwnerId: world.accountId, State }
        : { ...base, State };
    });
}

/** The instance with that interface, which goes with it. */
function interfaceNamed(world: World, id: string): InstanceThing | undefined {
  return [...world.instances.values()].find((one) => one.interfaceId === id && one.state !== 'terminated');
}

/**
 * Sends pods' packets where routes and groups let them come: whenever one of them, or an instance, has changed. One change after
 * the other.
 */
export function leadPods(world: World): Promise<void> {
  const change = world.leading.then(() => lead(world));
  world.leading = change.catch(() => {});
  return change;
}

async function lead(world: World): Promise<void> {
  const { realizer } = world.options;
  const wanted = new Map<string, string>();
  const used = new Set(
    [...world.instances.values()].map(({ subnet }) => tableFor(world, subnet.id, subnet.vpcId)),
  );
  for (const table of world.tables.values())
    for (const route of table.routes.filter(({ goneAt }) => goneAt === null)) {
      const owner = interfaceNamed(world, route.interfaceId);
      // Which table is asked depends on where a packet comes from: only what is in all of them counts here.
      const everywhere = [...used].every((each) =>
        each?.routes.some(
          ({ destination, interfaceId, goneAt }) =>
            goneAt === null && destination === route.destination && interfaceId === route.interfaceId,
        ),
      );
      if (owner && everywhere && leads(world, owner, route.destination))
        wanted.set(route.destination, owner.id);
    }
  for (const range of world.led.keys()) if (!wanted.has(range)) await realizer.routePods(range, null);
  for (const [range, id] of wanted) if (world.led.get(range) !== id) await realizer.routePods(range, id);
  world.led.clear();
  for (const [range, id] of wanted) world.led.set(range, id);
}

function leads(world: World, owner: InstanceThing, range: string): boolean {
  const source = formatIp(parseCidr(range).first + 1);
  return (
    owner.state === 'running' && !owner.sourceDestCheck && opens(world, owner.groups, 40_000, { source })
  );
}

function tableFor(world: World, subnet: string, vpcId: string): RouteTableThing | undefined {
  const tables = [...world.tables.values()];
  return (
    tables.find(({ subnets }) => subnets.includes(subnet)) ??
    tables.find((one) => one.main && one.vpcId === vpcId)
  );
}
