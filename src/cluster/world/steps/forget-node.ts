import { deleteNode } from '../../../nodes/api/nodes.ts';
import { apiAt } from '../api.ts';
import type { Executor } from './executor.ts';

export const forgetNode: Executor<'forget-node'> = async (t, { node }) => {
  // Its machine was deleted by somebody else, who left the route to it.
  await t.provider.machines.delete(node);
  await deleteNode(await apiAt(t, t.seen().address!.ip), node, t.signal);
};
