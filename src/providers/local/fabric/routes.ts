import { z } from 'zod';
import { serviceRange } from '../address/addresses.ts';
import { fabricNamespace } from '../names.ts';
import {
  type ClusterRecord,
  type MachineRecord,
  type RoutesRecord,
  readMachines,
  readRoutes,
} from '../state.ts';
import { execIn, ip, linksIn, namespaceExists } from './netns.ts';
import { portName } from './rules.ts';
import { leadByMark, markOf, PROTOCOL } from './service-nodes.ts';

/** The group of next hops over which new connections to Services are spread. Its members are numbered by their address. */
const GROUP = 1_000_000;

/** What the fabric must do for pods and Services: pure, from the records and the machines that are plugged in. */
export interface Routing {
  /** Range → private address of the machine. */
  readonly pods: ReadonlyMap<string, string>;
  /** Private addresses. */
  readonly services: readonly string[];
}

/** A machine without a link has no route: packets for it vanish, as they do in a cloud whose machine is stopped. */
export function routingOf(
  record: Pick<RoutesRecord, 'pods' | 'services'>,
  machines: readonly MachineRecord[],
  links: readonly string[],
): Routing {
  const addressOf = (name: string): string[] => {
    const address = machines.find((machine) => machine.name === name)?.internalIp;
    return address && links.includes(portName(address)) ? [address] : [];
  };
  const pods = Object.entries(record.pods).flatMap(([range, name]) =>
    addressOf(name).map((address): [string, string] => [range, address]),
  );
  return { pods: new Map(pods), services: record.services.flatMap(addressOf) };
}

const routeList = z.array(z.object({ dst: z.string() }));

/** Whether any of the fabric's routes lead to the machine. */
export async function isRoutedTo(key: string, machine: string): Promise<boolean> {
  const { pods = {}, services = [] } = (await readRoutes(key)) ?? {};
  return services.includes(machine) || Object.values(pods).includes(machine);
}

/**
 * Puts the fabric's routes in force that follow from the records. Under the cluster's lock, whenever a machine to which some lead was
 * plugged in or the records were changed; what a machine's link takes along when it goes needs nothing.
 * @param part only those to pods, or to Services, where nothing else has changed.
 */
export async function syncRoutes(
  key: string,
  cluster: ClusterRecord,
  part: 'pods' | 'services' | 'all' = 'all',
): Promise<void> {
  const namespace = fabricNamespace(key);
  const record = await readRoutes(key);
  if (!record || !(await namespaceExists(namespace))) return;
  const [machines, links] = await Promise.all([readMachines(key), linksIn(namespace)]);
  const { pods, services } = routingOf(record, machines, links);
  if (part !== 'services') await leadToPods(namespace, pods, serviceRange(cluster.slot));
  if (part === 'pods') return;
  await spread(namespace, serviceRange(cluster.slot), services);
  await leadByMark(namespace, services);
}

async function leadToPods(
  namespace: string,
  pods: ReadonlyMap<string, string>,
  servicesRange: string,
): Promise<void> {
  await ip(namespace, [
    ...(await surplus(namespace, [...pods.keys(), servicesRange])),
    ...[...pods].map(
      ([range, address]) =>
        `route replace ${range} via ${address} dev ${portName(address)} onlink proto ${PROTOCOL}`,
    ),
  ]);
}

async function surplus(namespace: string, wanted: readonly string[]): Promise<string[]> {
  const text = await execIn(namespace, ['ip', '-json', '-4', 'route', 'show', 'proto', PROTOCOL]);
  return routeList
    .parse(JSON.parse(text || '[]'))
    .filter(({ dst }) => !wanted.includes(dst))
    .map(({ dst }) => `route delete ${dst} proto ${PROTOCOL}`);
}

/**
 * Sends new connections to `range` to one of the addresses by a hash of both ends, and open ones where they were: a resilient
 * group (Linux 5.13) takes only those connections from their machine whose machine has left.
 */
async function spread(namespace: string, range: string, addresses: readonly string[]): Promise<void> {
  if (addresses.length === 0) {
    const groups = await execIn(namespace, ['ip', 'nexthop', 'show', 'groups']);
    // The route goes with the group.
    if (groups.includes(`id ${GROUP} `)) await ip(namespace, [`nexthop delete id ${GROUP}`]);
    return;
  }
  await execIn(namespace, ['tee', '/proc/sys/net/ipv4/fib_multipath_hash_policy'], '1');
  const members = addresses.map((address) => ({ address, id: markOf(address) }));
  const group = members.map(({ id }) => id).join('/');
  await ip(namespace, [
    ...members.map(
      ({ address, id }) => `nexthop replace id ${id} via ${address} dev ${portName(address)} onlink`,
    ),
    `nexthop replace id ${GROUP} group ${group} type resilient buckets 64 idle_timer 60`,
    `route replace ${range} nhid ${GROUP} proto ${PROTOCOL}`,
  ]);
}
