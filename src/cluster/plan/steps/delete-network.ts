import { type ClusterStep, cloud, type StepKind } from './step-kind.ts';

export type DeleteNetwork = ClusterStep<'delete-network'>;

export const deleteNetwork: StepKind<DeleteNetwork> = {
  describe: () => 'delete the network rules',
  touches: () => ['network'],
  outdates: cloud,
  simulate: (_, before) => ({
    ...before,
    network: false,
    remembered: { ...before.remembered, networkDeleted: true },
  }),
};
