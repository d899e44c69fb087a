import type { Executor } from './executor.ts';

export const deleteNetwork: Executor<'delete-network'> = ({ provider }) => provider.network.delete();
