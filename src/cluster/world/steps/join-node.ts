import { joinNode as join } from '../../../nodes/join.ts';
import { apiAt } from '../api.ts';
import { nodeIdentity } from '../config/node-config.ts';
import type { Executor } from './executor.ts';

/**
 * Resolves when the API has the node, with a range for its pods, and its images are there. `halfway`: the range is known, so that it can be
 * routed while images come.
 */
export const joinNode: Executor<'join-node'> = async (t, { node }, progress, halfway) => {
  const api = await apiAt(t, t.seen().address!.ip);
  const { images } = await t.nodeSupplies();
  const joining = { ...nodeIdentity(t, node), binaries: await t.nodeBinaries(), caPem: api.caPem };
  const ranged = (): void => void halfway();
  await join(await t.session(node), api, joining, images, { signal: t.signal, progress, ranged });
};
