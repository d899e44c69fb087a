import { call } from '../../../kubernetes/call.ts';
import { apiAt } from '../api.ts';
import type { Executor } from './executor.ts';

const TIMEOUT_MS = 20_000;

/** Kubernetes empties a namespace by itself once it is told to. */
export const clearDrill: Executor<'clear-drill'> = async (t, { namespace }) => {
  const { address } = t.seen();
  if (!address) throw new Error('the cluster has no API address');
  await call(await apiAt(t, address.ip), {
    doing: `delete the drill's namespace ${namespace}`,
    method: 'DELETE',
    path: `/api/v1/namespaces/${namespace}`,
    // 409: it is being emptied already.
    accept: [404, 409],
    timeoutMs: TIMEOUT_MS,
    signal: t.signal,
  });
  await t.memory.rememberDrill(() => undefined);
};
