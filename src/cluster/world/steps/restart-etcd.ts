import { restartEtcd as restartOn } from '../../../replicas/lifecycle/lifecycle.ts';
import type { Executor } from './executor.ts';

export const restartEtcd: Executor<'restart-etcd'> = async (t, { replica }, progress) => {
  await restartOn(await t.session(replica), { signal: t.signal, progress });
};
