import { drain } from '../../../nodes/api/drain.ts';
import { apiAt } from '../api.ts';
import type { Executor } from './executor.ts';

export const drainNode: Executor<'drain-node'> = async (t, { node, force, timeoutSeconds }, progress) => {
  const api = await apiAt(t, t.seen().address!.ip);
  await drain(api, node, { timeoutMs: timeoutSeconds * 1000, force, progress, signal: t.signal });
};
