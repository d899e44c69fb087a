import { deleteNode } from '../../../nodes/api/nodes.ts';
import { apiAt } from '../api.ts';
import type { Executor } from './executor.ts';

export const forgetNode: Executor<'forget-node'> = async (t, { node }) => {
  const machines = await t.provider.machines.list();
  if (machines.some(({ name, role }) => name === node && role === 'master'))
    throw new Error(`${node} is a master, and is not deleted for the sake of a Node object of its name`);
  // Its machine was deleted by somebody else, who left the route to it.
  await t.provider.machines.delete(node);
  await deleteNode(await apiAt(t, t.seen().address!.ip), node, t.signal);
};
