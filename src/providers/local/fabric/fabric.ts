import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { exec, tryExec } from '../../../util/exec.ts';
import { parseCidr, type Range } from '../../../util/ipv4.ts';
import { externalRange, gatewayIp, operatorIp, PRIVATE_RANGE, subnetGateway } from '../address/addresses.ts';
import { fabricNamespace, linkName } from '../names.ts';
import type { ClusterRecord } from '../state.ts';
import {
  deleteNamespace,
  ensureNamespace,
  execIn,
  hostLinkExists,
  ip,
  linkExists,
  namespaceExists,
} from './netns.ts';
import { ensureRules, portName, rulesExist, UPLINK } from './rules.ts';

/**
 * A cluster's network: one network namespace that routes, translates and filters, as a cloud's fabric does. The host has
 * a single link into it. Machines hang on it by a link each, with a /32 address and a gateway, so that every packet
 * between two machines passes the rules. Compared with a bridge in the host: two clusters cannot meet, the host's
 * firewall, forwarding switch and connection tracking are not involved, and deleting the namespace deletes it all.
 */

/** The host's end of the link into the fabric. */
export function uplinkName(key: string): string {
  return linkName('haup', key);
}

export async function ensureFabric(key: string, cluster: ClusterRecord): Promise<void> {
  const namespace = fabricNamespace(key);
  const uplink = uplinkName(key);
  await ensureNamespace(namespace);
  await ensureRules(namespace, cluster);
  await switchOn(namespace);
  if (!(await hostLinkExists(uplink))) {
    await ip(null, [`link add ${uplink} type veth peer name ${UPLINK} netns ${namespace}`]);
  }
  await ip(namespace, [
    'link set lo up',
    `link set ${UPLINK} up`,
    `addr replace ${gatewayIp(cluster.slot)} peer ${operatorIp(cluster.slot)}/32 dev ${UPLINK}`,
    // An address that nobody has now is met with silence, as in a cloud.
    `route replace blackhole ${externalRange(cluster.slot)}`,
    `route replace blackhole ${PRIVATE_RANGE}`,
  ]);
  await ip(null, [
    `addr replace ${operatorIp(cluster.slot)} peer ${gatewayIp(cluster.slot)}/32 dev ${uplink}`,
    `link set ${uplink} up`,
    `route replace ${externalRange(cluster.slot)} via ${gatewayIp(cluster.slot)} dev ${uplink}`,
  ]);
}

/**
 * Routing between its links, no opinion about which of them a packet may come from, and none about sequence numbers: a
 * dying process's one RST, judged out of window and dropped, would leave its peer waiting.
 */
async function switchOn(namespace: string): Promise<void> {
  const conf = '/proc/sys/net/ipv4/conf';
  await execIn(namespace, ['tee', '/proc/sys/net/ipv4/ip_forward'], '1');
  const liberal = '/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal';
  // Kernels differ in which of these a namespace may set.
  await execIn(namespace, ['tee', liberal], '1').catch(() => {});
  await execIn(namespace, ['tee', `${conf}/all/rp_filter`, `${conf}/default/rp_filter`], '0');
}

export async function fabricReady(key: string, cluster: ClusterRecord): Promise<boolean> {
  const namespace = fabricNamespace(key);
  if (!(await namespaceExists(namespace)) || !(await hostLinkExists(uplinkName(key)))) return false;
  if (!(await rulesExist(namespace))) return false;
  return await isRouted(externalRange(cluster.slot), uplinkName(key));
}

/** Whether the host's main table leads there. Asked in every look: so read from the kernel, without a process. */
async function isRouted(cidr: string, dev: string): Promise<boolean> {
  const { first, size } = parseCidr(cidr);
  // In the kernel's notation the bytes of an address are in the order of memory.
  const inMemory = (value: number): number => Buffer.from(new Uint32Array([value]).buffer).readUInt32BE();
  const routes = (await readFile('/proc/net/route', 'utf8')).split('\n').map((line) => line.split('\t'));
  return routes.some(
    ([name, destination = '', , , , , , mask = '']) =>
      name === dev &&
      inMemory(Number.parseInt(destination, 16)) === first &&
      inMemory(Number.parseInt(mask, 16)) === (2 ** 32 - size) % 2 ** 32,
  );
}

export async function deleteFabric(key: string): Promise<void> {
  const uplink = uplinkName(key);
  // Its peer, and the routes over it, go with it.
  if (await hostLinkExists(uplink)) await tryExec('ip', ['link', 'delete', uplink]);
  await deleteNamespace(fabricNamespace(key));
}

/** Plugs a namespace into the fabric under a private address. `namespace` must be fresh. */
export async function plugIn(key: string, namespace: string, address: string): Promise<void> {
  const fabric = fabricNamespace(key);
  const link = portName(address);
  const gateway = subnetGateway(address);
  await unplug(key, address);
  await ip(null, [`link add ${link} netns ${fabric} type veth peer name eth0 netns ${namespace}`]);
  await ip(namespace, [
    'link set lo up',
    `addr add ${address}/32 dev eth0`,
    'link set eth0 up',
    `route add ${gateway} dev eth0 src ${address}`,
    `route add default via ${gateway} dev eth0 src ${address}`,
  ]);
  await ip(fabric, [
    `addr replace ${gateway}/32 dev ${link}`,
    `link set ${link} up`,
    `route replace ${address}/32 dev ${link}`,
  ]);
}

export async function isPluggedIn(key: string, address: string): Promise<boolean> {
  return await linkExists(fabricNamespace(key), portName(address));
}

/** Removes the link of a private address; packets to it then vanish. A missing one is no error. */
export async function unplug(key: string, address: string): Promise<void> {
  const fabric = fabricNamespace(key);
  if (!(await linkExists(fabric, portName(address)))) return;
  await tryExec('ip', ['-n', fabric, 'link', 'delete', portName(address)]);
}

export interface HostRoute {
  readonly dev: string | null;
  readonly range: Range;
}

const routeList = z.array(z.object({ dst: z.string(), dev: z.string().optional() }));

/** Default routes in disguise (VPNs use two halves) are as wide as this. */
const DEFAULT_ROUTE_SIZE = 2 ** 30;

/** The host's IPv4 routes, of every table, without default routes. */
export async function routesOfHost(): Promise<HostRoute[]> {
  const text = await exec('ip', ['-json', '-4', 'route', 'show', 'table', 'all']);
  return routeList
    .parse(JSON.parse(text || '[]'))
    .filter((route) => /^\d/.test(route.dst))
    .map((route) => ({ dev: route.dev ?? null, range: parseCidr(route.dst) }))
    .filter((route) => route.range.size < DEFAULT_ROUTE_SIZE);
}
