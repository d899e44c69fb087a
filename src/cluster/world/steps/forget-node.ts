import { deleteNode } from '../../../nodes/api/nodes.ts';
import { apiAt } from '../api.ts';
import type { Executor } from './executor.ts';

export const forgetNode: Executor<'forget-node'> = async (t, { node }) => {
  await deleteNode(await apiAt(t, t.seen().address!.ip), node, t.signal);
};
