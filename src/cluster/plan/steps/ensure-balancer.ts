import { cloud, type StepKind } from './step-kind.ts';

export interface EnsureBalancer {
  readonly kind: 'ensure-balancer';
  readonly zones: readonly string[];
}

export const ensureBalancer: StepKind<EnsureBalancer> = {
  describe: ({ zones }) => `build the load balancer in ${zones.join(', ')}`,
  touches: () => ['balancer'],
  outdates: cloud,
  simulate: (_, before) => ({
    ...before,
    balancer: { name: '', dnsName: null, targets: [], ...before.balancer, complete: true },
  }),
};
