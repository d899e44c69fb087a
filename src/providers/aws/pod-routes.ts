import { isWithin, parseCidr } from '../../util/ipv4.ts';
import { ProviderError } from '../errors.ts';
import type { NodeRoute, NodeRoutes } from '../networks.ts';
import { inOrder, mustBeFree, mustNotOverlap, podRange } from '../shared/pod-range.ts';
import { tolerate } from './api/errors.ts';
import type { Instance, Route, RouteTable } from './api/replies.ts';
import { type Context, minutes, pages, wait } from './context.ts';
import { findInstances, nameOf } from './instances.ts';
import type { Placement } from './placement.ts';

export interface PodRoutes extends NodeRoutes {
  /** Takes away what leads to that machine, be it there or not. */
  forget(machine: string): Promise<void>;
  /** Takes away everything that is the cluster's. */
  clear(): Promise<void>;
}

/** One of the cluster's routes in one table. */
interface Entry extends NodeRoute {
  readonly table: string;
}

/** What EC2 says now. */
interface Scene {
  /** Those that the cluster's subnets use. */
  readonly tables: readonly RouteTable[];
  readonly instances: readonly Instance[];
}

/** Of a route whose instance is gone. */
const nobody = '(nobody)';
/** How many addresses a node has for its pods, where nobody says otherwise: a /24. */
const nodeSize = 256;

/**
 * The entries of the subnets' route tables that lead to nodes, one a node and table. The tables are shared with others, and a
 * route has no tags: the cluster's are those to its own instances, and of ranges that its nodes can have those to an interface that
 * does not exist any more. Nothing else is touched.
 */
export function podRoutes(context: Context, placement: Placement): PodRoutes {
  const { api } = context;

  async function look(): Promise<Scene> {
    const subnets = [...(await placement.subnets()).values()];
    const filter = { Name: 'vpc-id', Values: [await placement.vpcId()] };
    const [all, instances] = await Promise.all([
      pages(
        (token) => api.ec2('DescribeRouteTables', { Filters: [filter], ...token }),
        (page) => page.RouteTables,
      ),
      findInstances(context, { states: ['pending', 'running', 'stopping', 'stopped', 'shutting-down'] }),
    ]);
    const used = subnets.map(({ id }) => tableOf(all, id));
    return { tables: all.filter((table) => used.includes(table)), instances };
  }

  function entries({ tables, instances }: Scene): Entry[] {
    return tables.flatMap((table) =>
      (table.Routes ?? []).flatMap((route) => {
        const machine = ownerOf(route, instances);
        return machine === null
          ? []
          : [{ table: table.RouteTableId, destination: route.DestinationCidrBlock!, machine }];
      }),
    );
  }

  /** Null: it is none of ours. */
  function ownerOf(route: Route, instances: readonly Instance[]): string | null {
    const { DestinationCidrBlock: range, NetworkInterfaceId, InstanceId } = route;
    if (!range || !NetworkInterfaceId) return null;
    const instance = instances.find((each) => interfaceOf(each) === NetworkInterfaceId);
    if (instance) return nameOf(instance);
    const dead = route.State === 'blackhole' && !InstanceId;
    return dead && context.podRange && canBeNodes(range, context.podRange) ? nobody : null;
  }

  async function remove(those: (entry: Entry) => boolean): Promise<void> {
    const gone = entries(await look()).filter(those);
    for (const { table, destination } of gone) {
      context.progress(`deleting the route to ${destination}`);
      const input = { RouteTableId: table, DestinationCidrBlock: destination };
      await tolerate(api.ec2('DeleteRoute', input), ['InvalidRoute.NotFound']);
    }
    if (gone.length > 0) await shown(`the routes to be gone`, async () => !entries(await look()).some(those));
  }

  function shown(what: string, look: () => Promise<boolean>): Promise<true> {
    return wait(context, what, async () => (await look()) || undefined, { timeoutMs: 2 * minutes });
  }

  /** In every table that lacks it, or leads it elsewhere. False: what EC2 says changed meanwhile, or is not all it has. */
  async function put(scene: Scene, range: string, instance: Instance): Promise<boolean> {
    const to = { DestinationCidrBlock: range, NetworkInterfaceId: interfaceOf(instance)! };
    const ours = entries(scene);
    for (const table of scene.tables) {
      const RouteTableId = table.RouteTableId;
      const present = (table.Routes ?? []).find((route) => route.DestinationCidrBlock === range);
      const entry = ours.find((each) => each.table === RouteTableId && each.destination === range);
      if (present && !entry) throw taken(range, RouteTableId);
      if (entry?.machine === nameOf(instance)) continue;
      const action = entry ? 'ReplaceRoute' : 'CreateRoute';
      const patience = ['InvalidNetworkInterfaceID.NotFound'];
      const done = await tolerate(api.ec2(action, { RouteTableId, ...to }, { patience }), [
        'RouteAlreadyExists',
        'InvalidRoute.NotFound',
      ]);
      if (done === null) return false;
    }
    return true;
  }

  return {
    async list() {
      const scene = await look();
      return inOrder(complete(scene, entries(scene)));
    },

    async ensure({ destination, machine }) {
      const range = podRange(destination);
      const scene = await look();
      const instance = scene.instances.find((each) => nameOf(each) === machine);
      if (!instance) throw new ProviderError('not-found', `there is no machine ${machine}`);
      mustBeFree(
        range,
        scene.instances.flatMap((each) => each.PrivateIpAddress ?? []),
        "a machine's",
      );
      mustNotOverlap(range, entries(scene));
      context.progress(`${machine}: making the route to ${range}`);
      // It drops what is neither from nor to its own address. EC2 user guide, "Source/destination checking".
      if (drops(instance)) {
        const input = { InstanceId: instance.InstanceId, SourceDestCheck: { Value: false } };
        await api.ec2('ModifyInstanceAttribute', input);
      }
      const isThere = (now: Scene) =>
        complete(now, entries(now)).some((each) => each.destination === range && each.machine === machine);
      let now = scene;
      await shown(`the route to ${range}`, async () => {
        if (isThere(now)) return true;
        await put(now, range, instance);
        now = await look();
        return isThere(now);
      });
    },

    delete(destination) {
      const range = podRange(destination);
      return remove((entry) => entry.destination === range);
    },
    forget: (machine) => remove((entry) => entry.machine === machine || entry.machine === nobody),
    clear: () => remove(() => true),
  };
}

/** Those that are in every table, and lead to an instance that forwards. */
function complete({ tables, instances }: Scene, all: readonly Entry[]): NodeRoute[] {
  const [first] = tables;
  return all
    .filter(({ table }) => table === first?.RouteTableId)
    .filter(({ destination, machine }) =>
      tables.every(({ RouteTableId }) =>
        all.some(
          (each) =>
            each.table === RouteTableId && each.destination === destination && each.machine === machine,
        ),
      ),
    )
    .filter(({ machine }) => instances.some((each) => nameOf(each) === machine && !drops(each)))
    .map(({ destination, machine }) => ({ destination, machine }));
}

/** The subnet's own table, or the network's main one. EC2 reference, DescribeRouteTables. */
function tableOf(tables: readonly RouteTable[], subnet: string): RouteTable | undefined {
  const own = tables.find(({ Associations }) => Associations?.some(({ SubnetId }) => SubnetId === subnet));
  return own ?? tables.find(({ Associations }) => Associations?.some(({ Main }) => Main));
}

/** Within the range of all pods, and not the whole of it, which only a single node could have. A wider route is somebody else's. */
function canBeNodes(range: string, podRange: string): boolean {
  const [part, whole] = [parseCidr(range), parseCidr(podRange)];
  return isWithin(part, whole) && (part.size < whole.size || whole.size <= nodeSize);
}

function interfaceOf(instance: Instance): string | undefined {
  return instance.NetworkInterfaces?.[0]?.NetworkInterfaceId;
}

function drops(instance: Instance): boolean {
  return instance.NetworkInterfaces?.[0]?.SourceDestCheck !== false;
}

function taken(range: string, table: string): ProviderError {
  return new ProviderError('conflict', `the route table ${table} leads ${range} elsewhere`, {
    advice: 'Pods of clusters whose subnets share a route table need different ranges (the cluster CIDR).',
  });
}
