import { formatIp, overlap, parseCidr } from '../../../src/util/ipv4.ts';
import type { Ask, GceCloud, Handler } from './cloud.ts';
import { admits } from './firewall.ts';
import { invalid, Refusal } from './refusal.ts';
import type { Message } from './store.ts';

const pathOf = ({ params }: Ask) => `global/routes/${params.route}`;
/** Subnets of an auto mode network in this cloud's regions (VPC documentation, "Auto mode IPv4 ranges"). */
const SUBNETS = ['10.132.0.0/20', '10.164.0.0/20'];

export const routeHandlers: Readonly<Record<string, Handler>> = {
  'routes.get': (cloud, ask) => cloud.store.get(pathOf(ask)).message,
  'routes.list': (cloud, ask) => cloud.list(ask, 'routes', 'global', 'routeList'),
  'routes.insert'(cloud, ask) {
    const { body } = ask;
    cloud.mustBeNetwork(body.network as string | undefined);
    const range = String(body.destRange);
    if (!/^\d+\.\d+\.\d+\.\d+\/\d+$/.test(range))
      throw invalid(
        `Invalid value for field 'resource.destRange': '${range}'. Must be a CIDR address range.`,
      );
    // A static route may be wider than a subnet, not the same nor inside (VPC documentation, "Static routes").
    const subnet = SUBNETS.map(parseCidr).find((each) => overlap(each, parseCidr(range)));
    if (subnet && parseCidr(range).size <= subnet.size)
      throw invalid(`Invalid value for field 'resource.destRange': '${range}'. It meets a subnetwork.`);
    if (!body.nextHopInstance) throw invalid('One next hop must be set.');
    return cloud.insert(ask, {
      scope: 'global',
      collection: 'routes',
      kind: 'route',
      message: { ...body },
      check() {
        // One without forwarding, or none, is only warned of: NEXT_HOP_CANNOT_IP_FORWARD (compute v1 reference, `routes`).
        const { routes } = cloud.limits;
        const has = cloud.store.all('routes').filter(({ making }) => !making).length;
        // openshift/origin#15969 has these words.
        if (has >= routes)
          throw new Refusal(403, 'quotaExceeded', `Quota 'ROUTES' exceeded.  Limit: ${routes}.0`);
      },
      apply: () => leadPods(cloud),
    });
  },
  'routes.delete'(cloud, ask) {
    const path = pathOf(ask);
    return cloud.delete(ask, path, {
      apply() {
        cloud.store.remove(path);
        return leadPods(cloud);
      },
    });
  },
};

/**
 * Sends pods' packets where routes and firewall let them come: whenever one of them, or an instance, has changed. One change
 * after the other.
 */
export function leadPods(cloud: GceCloud): Promise<void> {
  const change = cloud.leading.then(() => lead(cloud));
  cloud.leading = change.catch(() => {});
  return change;
}

async function lead(cloud: GceCloud): Promise<void> {
  const wanted = new Map<string, string>();
  for (const { message } of cloud.store.all('routes')) {
    const instance = cloud.store.find(cloud.store.pathOf(String(message.nextHopInstance)));
    if (instance && leads(cloud, message, instance.message))
      wanted.set(String(message.destRange), String(instance.message.id));
  }
  for (const range of cloud.led.keys()) if (!wanted.has(range)) await cloud.realizer.routePods(range, null);
  for (const [range, id] of wanted)
    if (cloud.led.get(range) !== id) await cloud.realizer.routePods(range, id);
  cloud.led.clear();
  for (const [range, id] of wanted) cloud.led.set(range, id);
}

/** Whether packets from a pod on another machine with the same tags get to a pod behind this route. */
function leads(cloud: GceCloud, route: Message, instance: Message): boolean {
  const tags = ((instance.tags as { items?: string[] } | undefined)?.items ?? []) as string[];
  const users = (route.tags as string[] | undefined) ?? [];
  const applies = users.length === 0 || tags.some((tag) => users.includes(tag));
  const { first, size } = parseCidr(String(route.destRange));
  const [from, to] = [formatIp(first + 1), formatIp(first + Math.min(2, size - 1))];
  const network = String(route.network).replace(/.*\//, '');
  return (
    applies &&
    instance.status === 'RUNNING' &&
    // "Required if you plan to use instances to help route packets" (compute v1 reference, `canIpForward`).
    instance.canIpForward === true &&
    admits(cloud, network, tags, { protocol: 'tcp', port: 40_000, from, to }) &&
    admits(cloud, network, tags, { protocol: 'udp', port: 40_000, from, to })
  );
}
