import type { Executor } from './executor.ts';

export const ensureNetwork: Executor<'ensure-network'> = ({ provider }) => provider.network.ensure();
