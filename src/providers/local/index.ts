import { ProviderError } from '../errors.ts';
import type { FaultKind, Interruption, OpenProvider, Provider, ProviderSettings } from '../provider.ts';
import { localAddress } from './address/address.ts';
import { zonesOf } from './address/addresses.ts';
import { balancerIsComplete, localBalancer } from './balancer/balancer.ts';
import { endBalancerProcess } from './balancer/process.ts';
import { makeContext } from './context.ts';
import { translated } from './failures.ts';
import { injectFault } from './faults.ts';
import { localGroups } from './groups.ts';
import { BINARIES, IMAGES, RELEASES } from './machine/nspawn.ts';
import { localMachines } from './machines.ts';
import { checkIdentity } from './names.ts';
import { localNetwork } from './network.ts';
import { localRoutes, localServices } from './pod-routes.ts';
import { preflight } from './preflight.ts';
import { local } from './traits.ts';

/** The address moves in one nft transaction: 0 of 4,871 requests failed when tried, the slowest took 5 ms. */
const INTERRUPTION: Interruption = {
  promotion: [0, 1],
  demotion: [0, 1],
  replacement: [0, 1],
  note: 'Open connections stay with the machine that accepted them.',
};

/** A small cloud on one Linux machine: real machines with systemd and sshd, without Docker or KVM. Needs root. */
export const open: OpenProvider = (options) => {
  const { cluster, signal } = options;
  checkIdentity(cluster);
  refuseSettings(options.settings);
  const context = makeContext(options);
  const machines = localMachines(context);
  const calls = {
    preflight: (machines?: number) => preflight(context, machines),
    zones: async () => zonesOf(cluster.region),
    faultBalancer: () => endBalancerProcess(context),
    fault: (kind: FaultKind, ...machines: readonly string[]) => injectFault(context, kind, machines),
    close: async () => {},
  };
  return {
    name: 'local',
    capabilities: local.capabilities,
    ...translated('local provider:', calls, signal),
    machines: translated('machines:', machines, signal),
    address: translated(
      'address:',
      localAddress(context, () => balancerIsComplete(context)),
      signal,
    ),
    balancer: translated('balancer:', localBalancer(context), signal),
    network: {
      ...translated('network:', localNetwork(context), signal),
      routes: translated('routes:', localRoutes(context), signal),
      groups: translated('groups:', localGroups(context), signal),
    },
    services: translated('services:', localServices(context), signal),
    binaries: { kind: 'mounted', path: BINARIES, releases: RELEASES, images: IMAGES },
    // Longer than three failed checks take, which a stopping API server answers at once.
    drainSeconds: 4,
    interruption: () => INTERRUPTION,
  } satisfies Provider;
};

function refuseSettings(settings: ProviderSettings): void {
  for (const [name, value] of Object.entries(settings)) {
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    throw new ProviderError('invalid', `the local provider has no setting ${name}`, { setting: name });
  }
}
