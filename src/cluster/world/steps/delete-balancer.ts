import type { Executor } from './executor.ts';

export const deleteBalancer: Executor<'delete-balancer'> = ({ provider }) => provider.balancer.delete();
