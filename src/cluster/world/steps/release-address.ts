import type { Executor } from './executor.ts';

export const releaseAddress: Executor<'release-address'> = ({ provider }) => provider.address.release();
