import { type CloudClock, VirtualClock } from '../shared/clock.ts';
import { Faults } from '../shared/faults.ts';
import type { Realizer } from '../shared/realizer.ts';
import { SimulatedRealizer } from '../shared/simulated.ts';
import { addressHandlers } from './ec2-addresses.ts';
import { groupHandlers } from './ec2-groups.ts';
import { endInstance, instanceHandlers, stopInstance } from './ec2-instances.ts';
import { networkHandlers } from './ec2-network.ts';
import { routeHandlers } from './ec2-routes.ts';
import { balancerHandlers } from './elb-balancers.ts';
import { refreshRoutes } from './elb-health.ts';
import { targetHandlers } from './elb-targets.ts';
import { Permissions } from './iam.ts';
import { serve } from './server.ts';
import {
  type Delays,
  defaultReadings,
  type InstanceThing,
  type Readings,
  realisticDelays,
  tagValue,
  World,
} from './world.ts';

export interface CloudOptions {
  readonly clock?: CloudClock;
  readonly realizer?: Realizer;
  readonly region?: string;
  readonly accountId?: string;
  readonly delays?: Partial<Delays>;
  readonly readings?: Partial<Readings>;
  readonly pageSize?: number;
  readonly limits?: Partial<{ addresses: number; instances: number; routes: number }>;
  /** Zones of the default VPC, by their letter. */
  readonly zones?: string;
}

/** A rule-true AWS: EC2 and Elastic Load Balancing over HTTP, for the real SDK. */
export interface AwsCloud {
  readonly url: string;
  readonly accessKey: string;
  readonly region: string;
  readonly clock: CloudClock;
  readonly world: World;
  readonly faults: Faults;
  readonly permissions: Permissions;
  /** Everything that carries that tag value and still costs or holds something: must be empty after a deletion. */
  left(uid: string): string[];
  instance(replica: string): InstanceThing;
  stop(replica: string): Promise<void>;
  end(replica: string): Promise<void>;
  /** A whole zone fails. `reported`: AWS says so itself. */
  loseZone(zone: string, reported: boolean): Promise<void>;
  close(): Promise<void>;
}

export async function openCloud(options: CloudOptions = {}): Promise<AwsCloud> {
  const region = options.region ?? 'eu-west-1';
  const clock = options.clock ?? new VirtualClock();
  const world = new World({
    clock,
    realizer: options.realizer ?? new SimulatedRealizer(clock),
    region,
    accountId: options.accountId ?? '123456789012',
    delays: { ...realisticDelays, ...options.delays },
    readings: { ...defaultReadings, ...options.readings },
    pageSize: options.pageSize ?? 2,
    // Routes: 500 by default since June 2025, 50 before (Amazon VPC quotas).
    limits: { addresses: 5, instances: 20, routes: 500, ...options.limits },
  });
  furnish(world, [...(options.zones ?? 'abc')]);
  const faults = new Faults();
  const permissions = new Permissions();
  const accessKey = 'AKIAIOSFODNN7EXAMPLE';
  const defects: unknown[] = [];
  const server = await serve({
    world,
    faults,
    permissions,
    accessKey,
    handlers: {
      ec2: {
        ...networkHandlers(world),
        ...groupHandlers(world),
        ...addressHandlers(world),
        ...instanceHandlers(world),
        ...routeHandlers(world),
      },
      elasticloadbalancing: { ...balancerHandlers(world), ...targetHandlers(world) },
    },
    broke: (error) => defects.push(error),
  });
  const instance = (replica: string) => {
    const found = [...world.instances.values()].find(
      (one) => one.state !== 'terminated' && tagValue(one, 'haup-replica') === replica,
    );
    if (!found) throw new Error(`no instance is tagged ${replica}`);
    return found;
  };
  return {
    url: server.url,
    accessKey,
    region,
    clock,
    world,
    faults,
    permissions,
    instance,
    left: (uid) =>
      [
        ...[...world.instances.values()].filter((one) => one.state !== 'terminated'),
        ...world.addresses.values(),
        ...world.groups.values(),
        ...world.balancers.values(),
        ...world.targetGroups.values(),
      ]
        .filter((one) => tagValue(one, 'haup-uid') === uid)
        .map((one) => one.id)
        .concat(routesLeft(world, uid)),
    stop: (replica) => stopInstance(world, instance(replica)),
    end: (replica) => endInstance(world, instance(replica)),
    async loseZone(zone, reported) {
      world.lost.add(zone);
      if (reported) world.zones.set(zone, 'unavailable');
      for (const balancer of world.balancers.values()) await refreshRoutes(world, balancer);
    },
    async close() {
      await server.close();
      if (defects.length > 0)
        throw new AggregateError(defects, `the test cloud has defects: ${defects.join('; ')}`);
    },
  };
}

/** Routes to instances, or to what were some, of that cluster. */
function routesLeft(world: World, uid: string): string[] {
  const interfaces = [...world.instances.values()]
    .filter((one) => tagValue(one, 'haup-uid') === uid)
    .map((one) => one.interfaceId);
  return [...world.tables.values()].flatMap(({ id, routes }) =>
    routes
      .filter((route) => route.goneAt === null && interfaces.includes(route.interfaceId))
      .map(({ destination }) => `${id} ${destination}`),
  );
}

/** What an account has: a default VPC with a public subnet a zone, another VPC, and images of two owners. */
function furnish(world: World, letters: readonly string[]): void {
  const { region } = world.options;
  const createdAt = world.now - 1e9;
  const vpc = (id: string, isDefault: boolean, name: string) =>
    world.vpcs.set(id, { id, createdAt, isDefault, tags: [{ Key: 'Name', Value: name }] });
  const subnet = (id: string, vpcId: string, zone: string, isDefault: boolean, name: string) =>
    world.subnets.set(id, {
      id,
      createdAt,
      vpcId,
      zone,
      isDefault,
      opensPublicly: isDefault || name.startsWith('public'),
      freeAddresses: 250,
      tags: [{ Key: 'Name', Value: name }],
    });
  vpc('vpc-0default', true, 'default');
  vpc('vpc-0other', false, 'other');
  const table = (id: string, vpcId: string, main: boolean, subnets: readonly string[]) =>
    world.tables.set(id, { id, createdAt, vpcId, main, subnets, routes: [], tags: [] });
  table('rtb-0default', 'vpc-0default', true, []);
  table('rtb-0othermain', 'vpc-0other', true, []);
  for (const letter of letters)
    table(`rtb-0public${letter}`, 'vpc-0other', false, [`subnet-0public${letter}`]);
  for (const letter of letters) {
    world.zones.set(`${region}${letter}`, 'available');
    subnet(`subnet-0default${letter}`, 'vpc-0default', `${region}${letter}`, true, '');
    subnet(`subnet-0public${letter}`, 'vpc-0other', `${region}${letter}`, false, `public-${letter}`);
    subnet(`subnet-0private${letter}`, 'vpc-0other', `${region}${letter}`, false, `private-${letter}`);
  }
  world.zones.set(`${region}-lax-1`, 'available');
  const image = (
    id: string,
    owner: string,
    name: string,
    created: string,
    architecture: 'x86_64' | 'arm64',
  ) =>
    world.images.set(id, {
      id,
      createdAt,
      owner,
      name,
      created,
      architecture,
      rootDevice: '/dev/xvda',
      tags: [],
    });
  const debian = '136693071363';
  image('ami-0debian13old', debian, 'debian-13-amd64-20260101-100', '2026-01-01T00:00:00.000Z', 'x86_64');
  image('ami-0debian13new', debian, 'debian-13-amd64-20260801-200', '2026-08-01T00:00:00.000Z', 'x86_64');
  image('ami-0debian13arm', debian, 'debian-13-arm64-20260801-200', '2026-08-01T00:00:00.000Z', 'arm64');
  image(
    'ami-0impostor',
    '999999999999',
    'debian-13-amd64-20270101-666',
    '2027-01-01T00:00:00.000Z',
    'x86_64',
  );
  image(
    'ami-0ubuntu',
    '099720109477',
    'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20260701',
    '2026-07-01T00:00:00.000Z',
    'x86_64',
  );
}
