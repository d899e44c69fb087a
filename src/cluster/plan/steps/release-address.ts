import { type ClusterStep, cloud, type StepKind } from './step-kind.ts';

export type ReleaseAddress = ClusterStep<'release-address'>;

export const releaseAddress: StepKind<ReleaseAddress> = {
  describe: () => 'release the API address',
  touches: () => ['address'],
  outdates: cloud,
  simulate: (_, before) => ({ ...before, address: null }),
};
