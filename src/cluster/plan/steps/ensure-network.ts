import { type ClusterStep, cloud, type StepKind } from './step-kind.ts';

/** Firewall rules, bridge, security groups; after a reboot of the local provider's host, all of it again. */
export type EnsureNetwork = ClusterStep<'ensure-network'>;

export const ensureNetwork: StepKind<EnsureNetwork> = {
  describe: () => 'set up the network and its rules',
  touches: () => ['network'],
  outdates: cloud,
  simulate: (_, before) => ({ ...before, network: true }),
};
