import { callApi, isReady } from '../../../kubernetes/client.ts';
import { messageOf } from '../../../util/failure.ts';
import type { Observation } from '../../model/observation.ts';
import { apiAt } from '../api.ts';
import type { Tools } from '../tools.ts';

/** A client of the API. */
const ANSWER_MS = 2000;

type Parts = Pick<Tools, 'memory' | 'authorities'>;

/**
 * Why a client is not answered at the API address that was seen; null when it is, and while nobody has been given the address yet.
 * Everything can be in its place and the way to it closed all the same.
 */
export async function whyUnanswered(
  parts: Parts,
  { remembered, address }: Pick<Observation, 'remembered' | 'address'>,
  timeoutMs = ANSWER_MS,
): Promise<string | null> {
  if (!remembered.bootstrapped || !address || address.holder.kind === 'nobody') return null;
  return isReady(await apiAt(parts, address.ip), timeoutMs).then(() => null, messageOf);
}

/** An object that is asked for by its name, at no version, is read from etcd with a quorum, whatever is cached. */
export async function readsWithQuorum(
  parts: Parts,
  address: Observation['address'],
  signal: AbortSignal,
): Promise<boolean> {
  if (!address) return false;
  try {
    const path = '/api/v1/namespaces/kube-system';
    const api = await apiAt(parts, address.ip);
    return (await callApi(api, { path, timeoutMs: ANSWER_MS, signal })).status === 200;
  } catch {
    return false;
  }
}
