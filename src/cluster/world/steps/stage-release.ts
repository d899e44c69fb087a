import { stage } from '../../../replicas/provision/change.ts';
import { replicaConfig } from '../config/replica-config.ts';
import type { Executor } from './executor.ts';

export const stageRelease: Executor<'stage-release'> = async (t, { replica }, progress) => {
  progress('putting it beside what runs');
  const config = await replicaConfig(t, replica, t.memory.spec);
  await stage(await t.session(replica), config, { signal: t.signal, progress });
};
