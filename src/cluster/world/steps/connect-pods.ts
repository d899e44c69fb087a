import { readNode } from '../../../nodes/api/nodes.ts';
import { connectPods as connect } from '../../../nodes/start.ts';
import { waitFor } from '../../../util/wait.ts';
import { apiAt } from '../api.ts';
import type { Executor } from './executor.ts';

/** The kubelet looks for a pod network every few seconds. */
const READY_MS = 120_000;

export const connectPods: Executor<'connect-pods'> = async (t, { node, podCidr }, progress) => {
  await connect(await t.session(node), podCidr, { signal: t.signal, progress });
  const api = await apiAt(t, t.seen().address!.ip);
  progress('waiting for it to be ready');
  await waitFor(
    async () => {
      const object = await readNode(api, node, t.signal);
      if (object?.ready === 'ready') return true;
      throw new Error(object?.problem ?? 'the API has no such node');
    },
    { what: `${node} to be ready`, timeoutMs: READY_MS, signal: t.signal },
  );
};
