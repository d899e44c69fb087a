import { keepAddons as keepOn } from '../../../replicas/lifecycle/keep-addons.ts';
import { ownAdmin } from '../api.ts';
import { addonsOf } from '../config/addons.ts';
import type { Executor } from './executor.ts';

export const keepAddons: Executor<'keep-addons'> = async (t, { replica }, progress) => {
  const { apiPort } = t.memory.spec;
  const [session, admin, addons] = await Promise.all([t.session(replica), ownAdmin(t), addonsOf(t)]);
  await keepOn(session, { apiPort, admin, addons }, { signal: t.signal, progress });
};
