import type { Executor } from './executor.ts';

export const reserveAddress: Executor<'reserve-address'> = async ({ provider }) => {
  await provider.address.reserve();
};
