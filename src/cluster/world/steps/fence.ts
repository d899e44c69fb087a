import { stopEtcd } from '../../../replicas/lifecycle/lifecycle.ts';
import type { Executor } from './executor.ts';

export const fence: Executor<'fence'> = async (t, { replica }, progress) => {
  await stopEtcd(await t.session(replica), { signal: t.signal, progress });
};
