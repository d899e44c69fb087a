import { bootstrapEtcd as bootstrapOn } from '../../../replicas/lifecycle/lifecycle.ts';
import { machineOf } from '../../model/observation.ts';
import type { Executor } from './executor.ts';

export const bootstrapEtcd: Executor<'bootstrap-etcd'> = async (t, { replica }, progress) => {
  const session = await t.session(replica);
  const { internalIp } = machineOf(t.seen(), replica)!;
  await bootstrapOn(session, { name: replica, internalIp }, { signal: t.signal, progress });
  await t.memory.rememberBootstrap();
};
