import type { Executor } from './executor.ts';

export const routePods: Executor<'route-pods'> = async ({ provider }, { node, podCidr }) => {
  await provider.network.routes.ensure({ destination: podCidr, machine: node });
};
