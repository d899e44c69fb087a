import * as lifecycle from '../../../replicas/lifecycle/lifecycle.ts';
import type { Executor } from './executor.ts';

export const stopApiServer: Executor<'stop-api-server'> = async (t, { replica }, progress) => {
  progress('finishing what it has accepted');
  await lifecycle.stopApiServer(await t.session(replica), { signal: t.signal, progress });
};
