import { addLearner as add } from '../../../etcd/membership.ts';
import { peerUrlOf } from '../peer-url.ts';
import { voterToAsk } from '../tools.ts';
import type { Executor } from './executor.ts';

export const addLearner: Executor<'add-learner'> = async (t, { replica }, progress) => {
  const { name } = voterToAsk(t.seen());
  await add(await t.etcd(name), peerUrlOf(t.seen(), replica), { signal: t.signal, progress });
};
