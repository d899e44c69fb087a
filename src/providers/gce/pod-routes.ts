import type { NodeRoute, NodeRoutes } from '../networks.ts';
import { inOrder, mustBeFree, mustNotOverlap, podRange } from '../shared/pod-range.ts';
import type { Context } from './api/cloud.ts';
import { make, remove } from './api/common.ts';
import { GceError } from './api/errors.ts';
import { linkTo, linkToNetwork } from './api/links.ts';
import { type Instance, type Route, route } from './api/schemas.ts';
import { lastPart } from './names.ts';
import type { GceSettings } from './settings.ts';

/** One priority for all: Google's default for static routes (VPC documentation, "Static routes"). */
const PRIORITY = 1000;

/**
 * Static routes of the VPC network to nodes, one a node. They apply to the cluster's own machines alone (by their network
 * tags), so that several clusters in one network may number their pods alike. Routes have no labels: their names hold the
 * cluster's uid, their description says it, and they cannot be changed, only replaced (compute v1 reference, `routes`).
 */
export function openRoutes(
  context: Context,
  settings: GceSettings,
  instances: () => Promise<readonly Instance[]>,
): NodeRoutes {
  const { cloud, names, description } = context;

  async function insert({ destination, machine }: NodeRoute, instance: Instance): Promise<void> {
    const name = names.route(destination);
    const routeResource = {
      name,
      description,
      network: await linkToNetwork(context, settings.network),
      destRange: destination,
      nextHopInstance: await linkTo(context, `zones/${lastPart(instance.zone)}/instances/${machine}`),
      priority: PRIORITY,
      tags: [names.tag, names.nodeTag],
    };
    const read = () => cloud.get('routes.get', { route: name }, route);
    await make(context, 'routes.insert', { routeResource }, `the route ${name}`, read).catch(namingTheLimit);
  }

  return {
    async list() {
      const [routes, machines] = await Promise.all([ownRoutes(context), instances()]);
      return inOrder(routes.filter(leadsTo(machines)).map(routeOf));
    },
    async ensure({ destination, machine }) {
      const range = podRange(destination);
      const [routes, machines] = await Promise.all([ownRoutes(context), instances()]);
      const instance = machines.find(({ name }) => name === machine);
      if (!instance) throw new GceError('not-found', 'notFound', `the cluster has no instance ${machine}`);
      mustBeFree(range, machines.flatMap(addressesOf), "a machine's");
      mustNotOverlap(range, routes.map(routeOf));
      const present = routes.find(({ destRange }) => destRange === range);
      if (present && routeOf(present).machine === machine) return;
      context.progress(`${machine}: making the route to ${range}`);
      if (present) await removeRoute(context, present.name);
      await insert({ destination: range, machine }, instance);
    },
    delete: (destination) => removeRoute(context, names.route(podRange(destination))),
  };
}

/** Everything that leads to that machine, whether it is there or not. */
export async function forgetRoutes(context: Context, machine: string): Promise<void> {
  const mine = (await ownRoutes(context)).filter((each) => routeOf(each).machine === machine);
  await Promise.all(mine.map(({ name }) => removeRoute(context, name)));
}

/** Everything that leads anywhere. */
export async function removeRoutes(context: Context): Promise<void> {
  await Promise.all((await ownRoutes(context)).map(({ name }) => removeRoute(context, name)));
}

async function ownRoutes({ cloud, names, description }: Context): Promise<readonly Route[]> {
  const found = await cloud.list('routes.list', { filter: `name eq ${names.pattern}` }, route);
  return found.filter((each) => each.description === description);
}

function removeRoute(context: Context, name: string): Promise<void> {
  return remove(context, 'routes.delete', { route: name }, `deleting the route ${name}`);
}

function routeOf({ destRange, nextHopInstance }: Route): NodeRoute {
  return { destination: destRange, machine: lastPart(nextHopInstance) };
}

function leadsTo(machines: readonly Instance[]) {
  return ({ nextHopInstance }: Route) =>
    machines.some(({ name, zone }) => nextHopInstance.endsWith(`/zones/${lastPart(zone)}/instances/${name}`));
}

function addressesOf({ networkInterfaces }: Instance): string[] {
  return networkInterfaces.flatMap(({ networkIP }) => (networkIP === '' ? [] : [networkIP]));
}

/** Google's words say how many there may be; which limit it is they do not always. */
function namingTheLimit(error: unknown): never {
  if (!(error instanceof GceError) || error.kind !== 'quota') throw error;
  throw new GceError('quota', error.reason, error.message, {
    advice:
      'Every node takes one static route of the VPC network. Ask for a higher quota of static routes per VPC network (console: IAM & Admin, Quotas), or use a network with fewer routes.',
  });
}
