import { freed } from './effects.ts';
import { type ClusterStep, cloud, type StepKind } from './step-kind.ts';

export type DeleteBalancer = ClusterStep<'delete-balancer'>;

export const deleteBalancer: StepKind<DeleteBalancer> = {
  describe: () => 'delete the load balancer',
  touches: () => ['balancer'],
  outdates: cloud,
  simulate: (_, before) => ({ ...before, balancer: null, address: freed(before, 'balancer', null) }),
};
