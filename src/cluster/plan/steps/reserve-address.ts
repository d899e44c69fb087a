import { type ClusterStep, cloud, type StepKind } from './step-kind.ts';

export type ReserveAddress = ClusterStep<'reserve-address'>;

export const reserveAddress: StepKind<ReserveAddress> = {
  describe: () => 'reserve the API address',
  touches: () => ['address'],
  outdates: cloud,
  simulate: (_, before) => ({
    ...before,
    address: { ip: '(to be reserved)', holder: { kind: 'nobody' } },
  }),
};
