import { drain } from '../../../nodes/api/drain.ts';
import { apiAt } from '../api.ts';
import type { Executor } from './executor.ts';

export const drainNode: Executor<'drain-node'> = async (t, { node, force, timeoutSeconds }, progress) => {
  const { ip } = t.seen().address!;
  await drain(() => apiAt(t, ip), node, {
    timeoutMs: timeoutSeconds * 1000,
    force,
    progress,
    signal: t.signal,
  });
};
