import { callApi } from '../../../kubernetes/client.ts';
import { apiAt } from '../api.ts';
import type { Executor } from './executor.ts';

const TIMEOUT_MS = 20_000;

/** Kubernetes empties a namespace by itself once it is told to. */
export const clearDrill: Executor<'clear-drill'> = async (t, { namespace }) => {
  const { address } = t.seen();
  if (!address) throw new Error('the cluster has no API address');
  const { status, text } = await callApi(await apiAt(t, address.ip), {
    method: 'DELETE',
    path: `/api/v1/namespaces/${namespace}`,
    timeoutMs: TIMEOUT_MS,
    signal: t.signal,
  });
  // 409: it is being emptied already.
  if (![200, 202, 404, 409].includes(status))
    throw new Error(`the API answered ${status}: ${text.slice(0, 200)}`);
  await t.memory.rememberDrill(() => undefined);
};
