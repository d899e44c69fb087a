import { type ClusterStep, cloud, type StepKind } from './step-kind.ts';

/**
 * Firewall rules, bridge, security groups; after a reboot of the local provider's host, all of it again. On the clouds also public addresses
 * of machines that have none: while the API address moves that is one of the machines that it moves between, for a moment.
 */
export type EnsureNetwork = ClusterStep<'ensure-network'>;

export const ensureNetwork: StepKind<EnsureNetwork> = {
  describe: () => 'set up the network and its rules',
  touches: () => ['network', 'address'],
  outdates: cloud,
  simulate: (_, before) => ({ ...before, network: true }),
};
