import { connectNode } from '../../../nodes/join.ts';
import { apiAt } from '../api.ts';
import type { Executor } from './executor.ts';

export const connectPods: Executor<'connect-pods'> = async (t, { node, podCidr }, progress) => {
  const api = await apiAt(t, t.seen().address!.ip);
  await connectNode(await t.session(node), api, node, podCidr, { signal: t.signal, progress });
};
