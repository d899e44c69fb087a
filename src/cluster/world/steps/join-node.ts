import { readNode } from '../../../nodes/api/nodes.ts';
import { createJoinToken } from '../../../nodes/api/token.ts';
import { importImages } from '../../../nodes/images.ts';
import { startNode } from '../../../nodes/start.ts';
import { waitFor } from '../../../util/wait.ts';
import { apiAt } from '../api.ts';
import { nodeBinariesFolder, nodeIdentity } from '../node-config.ts';
import type { Executor } from './executor.ts';

/** Nobody but the node has it, and for no longer than a slow machine needs. */
const TOKEN_MINUTES = 15;
/** The controller manager gives out ranges within a second; a busy one takes longer. */
const RANGE_MS = 60_000;

/** Resolves when the API has the node, with a range for its pods, and its images are there. */
export const joinNode: Executor<'join-node'> = async (t, { node }, progress) => {
  const api = await apiAt(t, t.seen().address!.ip);
  const session = await t.session(node);
  const waiting = { signal: t.signal, progress };
  await startNode(
    session,
    {
      node: nodeIdentity(t, node),
      caPem: api.caPem,
      token: () =>
        createJoinToken(api, { purpose: `join ${node}`, minutes: TOKEN_MINUTES, signal: t.signal }),
    },
    waiting,
  );
  const { images } = await t.nodeSupplies();
  await importImages(session, images, nodeBinariesFolder(t), waiting);
  progress('waiting for its range of pod addresses');
  await waitFor(async () => (await readNode(api, node, t.signal))?.podCidr ?? undefined, {
    what: `a range of addresses for the pods of ${node}`,
    timeoutMs: RANGE_MS,
    signal: t.signal,
  });
};
