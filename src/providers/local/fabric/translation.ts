import type { MachineRole } from '../../provider.ts';
import { BALANCER_IP, externalRange } from '../address/addresses.ts';
import { fabricNamespace } from '../names.ts';
import {
  type AddressRecord,
  type MachineRecord,
  type RoutesRecord,
  readAddress,
  readMachines,
  readRoutes,
} from '../state.ts';
import { namespaceExists } from './netns.ts';
import { type Peer, peersOf } from './peers.ts';
import { applyTranslation, type Translation } from './rules.ts';

/** What the rules must say, from what is remembered. Machines in `cut` are cut off whether or not they are isolated. */
export function translationOf(
  address: AddressRecord | null,
  machines: readonly MachineRecord[],
  cut: ReadonlySet<string> = new Set(),
  routes: Pick<RoutesRecord, 'pods'> | null = null,
  peers: readonly Peer[] = [],
): Translation {
  const external = new Map<string, string>();
  const severed = new Set<string>();
  for (const machine of machines) {
    const holds = address?.holder.kind === 'machine' && address.holder.name === machine.name;
    if (machine.ephemeralIp && !holds) external.set(machine.ephemeralIp, machine.internalIp);
    if (machine.isolated || cut.has(machine.name)) severed.add(machine.internalIp);
  }
  const owner = address && ownerIp(address, machines);
  if (owner) external.set(address.ip, owner);
  const having = (role: MachineRole) =>
    new Set(machines.filter((machine) => machine.role === role).map((machine) => machine.internalIp));
  const pods = new Set(Object.keys(routes?.pods ?? {}));
  const others = new Set(peers.map((peer) => externalRange(peer.slot)));
  return { external, severed, masters: having('master'), nodes: having('node'), pods, peers: others };
}

function ownerIp(address: AddressRecord, machines: readonly MachineRecord[]): string | null {
  const { holder } = address;
  if (holder.kind === 'balancer') return BALANCER_IP;
  if (holder.kind === 'nobody') return null;
  return machines.find((machine) => machine.name === holder.name)?.internalIp ?? null;
}

/**
 * Puts the rules in force that follow from the records. Under the cluster's lock. Where there is no fabric (after a
 * reboot, in a deletion) there is nothing to do: `ensure` will make one with the right rules.
 */
export async function syncTranslation(key: string, cut?: ReadonlySet<string>): Promise<void> {
  const namespace = fabricNamespace(key);
  if (!(await namespaceExists(namespace))) return;
  const [address, machines, routes, peers] = await Promise.all([
    readAddress(key),
    readMachines(key),
    readRoutes(key),
    peersOf(key),
  ]);
  await applyTranslation(namespace, translationOf(address, machines, cut, routes, peers));
}
