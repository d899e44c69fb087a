import { NAMESPACE } from '../model/names.ts';
import type { ApiObject } from '../model/object.ts';
import { type Api, ApiRefusal, find } from './api.ts';
import { pause } from './mirror.ts';

const LEASE = 'federation-controller';
const COLLECTION = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases`;
const DURATION_SECONDS = 10;
const RENEW_MS = 2_000;
/** Whoever could not renew for so long stops: before another one may begin. */
const GIVE_UP_MS = 7_000;

/**
 * Resolves once this process has the lease; `lost` aborts when it cannot keep it. A lease is judged by how long it has looked the same to
 * us, never by its times, which are another machine's.
 */
export async function acquireLease(
  api: Api,
  holder: string,
  signal: AbortSignal,
  now: () => number,
): Promise<{ readonly lost: AbortSignal; release(): Promise<void> }> {
  let taken = now();
  const seen: { version: string | null; at: number } = { version: null, at: 0 };
  for (;;) {
    signal.throwIfAborted();
    taken = now();
    try {
      const lease = await read(api);
      if (lease === null) {
        await api.call('POST', COLLECTION, { body: leaseOf(holder), timeoutMs: RENEW_MS });
        break;
      }
      const { resourceVersion: version = '' } = lease.metadata;
      if (seen.version !== version) Object.assign(seen, { version, at: now() });
      const isOver = now() - seen.at > DURATION_SECONDS * 1000;
      if (!lease.spec?.holderIdentity || isOver || lease.spec?.holderIdentity === holder) {
        await write(api, holder, lease);
        break;
      }
    } catch (error) {
      // Another one was quicker, or the API server is not there: both are asked again.
      if (!(error instanceof ApiRefusal)) seen.version = null;
    }
    await pause(RENEW_MS / 2, signal);
  }
  const lost = new AbortController();
  let ended = false;
  // Whatever hangs: nobody else may have it before this one has stopped.
  const overdue = (): void =>
    lost.abort(new Error(`the lease could not be renewed for ${GIVE_UP_MS / 1000} s`));
  let watchdog: NodeJS.Timeout | undefined;
  const renewedAt = (at: number): void => {
    clearTimeout(watchdog);
    watchdog = setTimeout(overdue, Math.max(0, GIVE_UP_MS - (now() - at)));
  };
  renewedAt(taken);
  const keep = async (): Promise<void> => {
    const over = (): boolean => ended || signal.aborted || lost.signal.aborted;
    while (!over()) {
      await pause(RENEW_MS, signal);
      if (over()) return;
      const asked = now();
      try {
        const lease = await read(api);
        if (lease?.spec?.holderIdentity !== holder) {
          lost.abort(new Error('another one has the lease'));
          return;
        }
        await write(api, holder, lease);
        renewedAt(asked);
      } catch {
        // Asked again; the time that is left is the watchdog's affair.
      }
    }
  };
  void keep().finally(() => clearTimeout(watchdog));
  return {
    lost: lost.signal,
    async release() {
      ended = true;
      const lease = await read(api).catch(() => null);
      if (lease?.spec?.holderIdentity === holder) await write(api, '', lease).catch(() => {});
    },
  };
}

function read(api: Api): Promise<ApiObject | null> {
  return find(api, `${COLLECTION}/${LEASE}`, { timeoutMs: RENEW_MS });
}

/** On the condition that nobody else has written meanwhile. */
async function write(api: Api, holder: string, lease: ApiObject): Promise<void> {
  const { spec } = leaseOf(holder);
  await api.call('PUT', `${COLLECTION}/${LEASE}`, {
    body: { ...lease, spec: { ...lease.spec, ...spec } },
    timeoutMs: RENEW_MS,
  });
}

function leaseOf(holder: string): ApiObject {
  const renewTime = new Date().toISOString().replace('Z', '000Z');
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: LEASE, namespace: NAMESPACE },
    spec: { holderIdentity: holder, leaseDurationSeconds: DURATION_SECONDS, renewTime },
  };
}
