import type { Executor } from './executor.ts';

export const ensureBalancer: Executor<'ensure-balancer'> = ({ provider }, { zones }) =>
  provider.balancer.ensure(zones);
