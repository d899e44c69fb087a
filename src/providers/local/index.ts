import { ProviderError } from '../errors.ts';
import type { Balancer, OpenProvider, Provider, ProviderSettings } from '../provider.ts';
import { localAddress } from './address.ts';
import { zonesOf } from './addresses.ts';
import { makeContext } from './context.ts';
import { translated } from './failures.ts';
import { localMachines } from './machines.ts';
import { checkIdentity } from './names.ts';
import { localNetwork } from './network.ts';
import { BINARIES } from './power.ts';
import { preflight } from './preflight.ts';

/** A small cloud on one Linux machine: real machines with systemd and sshd, without Docker or KVM. Needs root. */
export const open: OpenProvider = (options) => {
  const { cluster, signal } = options;
  checkIdentity(cluster);
  refuseSettings(options.settings);
  const context = makeContext(options);
  const machines = localMachines(context);
  const calls = {
    preflight,
    zones: async () => zonesOf(cluster.region),
    close: async () => {},
  };
  return {
    name: 'local',
    ...translated('local provider:', calls, signal),
    machines: translated('machines:', machines, signal),
    address: translated(
      'address:',
      localAddress(context, async () => false),
      signal,
    ),
    balancer: translated('balancer:', noBalancerYet(), signal),
    network: translated(
      'network:',
      localNetwork(context, async () => {}),
      signal,
    ),
    binaries: { kind: 'mounted', path: BINARIES },
    drainSeconds: 3,
    interruption: () => ({ promotion: [0, 1], demotion: [0, 1], replacement: [0, 1], note: null }),
  } satisfies Provider;
};

function refuseSettings(settings: ProviderSettings): void {
  for (const [name, value] of Object.entries(settings)) {
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    throw new ProviderError('invalid', `the local provider has no setting ${name}`);
  }
}

/** Until the balancer is there (next commit), clusters of one replica work. */
function noBalancerYet(): Balancer {
  const no = async () => {
    throw new ProviderError('invalid', 'the local provider has no load balancer yet');
  };
  return { read: async () => null, ensure: no, setTargets: no, delete: async () => {} };
}
