import { moveLeader as moveTo } from '../../../etcd/membership.ts';
import type { Executor } from './executor.ts';

export const moveLeader: Executor<'move-leader'> = async (t, { replica, to }) => {
  const { id } = t.seen().etcd.members.find((m) => m.name === to)!;
  await moveTo(await t.etcd(replica), id, { signal: t.signal });
};
