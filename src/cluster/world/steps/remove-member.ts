import { remove } from '../../../etcd/membership.ts';
import { voterToAsk } from '../tools.ts';
import type { Executor } from './executor.ts';

/** Asked of another member where there is one: the leaver's own answer may be lost with it. */
export const removeMember: Executor<'remove-member'> = async (t, { replica, member }, progress) => {
  const client = await t.etcd(voterToAsk(t.seen(), replica).name);
  await remove(client, member, { signal: t.signal, progress });
};
