import { putBack as putBackOn } from '../../../replicas/provision/change.ts';
import type { Executor } from './executor.ts';

export const putBack: Executor<'put-back'> = async (t, { replica, change, etcd }, progress) => {
  await putBackOn(await t.session(replica), { change, etcd }, { signal: t.signal, progress });
};
