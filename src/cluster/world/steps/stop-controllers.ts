import * as lifecycle from '../../../replicas/lifecycle/lifecycle.ts';
import type { Executor } from './executor.ts';

export const stopControllers: Executor<'stop-controllers'> = async (t, { replica }, progress) => {
  progress('waiting for the leases to be released');
  await lifecycle.stopControllers(await t.session(replica), { signal: t.signal, progress });
};
