import type { Addon } from '../../addons/addons.ts';
import type { KubernetesObject } from '../../addons/object.ts';
import { callApi } from '../../kubernetes/client.ts';
import type { Session } from '../../ssh/session.ts';
import { GiveUp, waitFor } from '../../util/wait.ts';
import { addonRights, pathOf } from '../settings/rights.ts';
import type { Waiting } from '../waiting.ts';
import { type Ask, prune } from './prune.ts';

/** An administrator's way to be believed, PEM. */
export interface Admin {
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
}

const TIMEOUT_MS = 60_000;
const REQUEST_TIMEOUT_MS = 5_000;

/**
 * Gives the add-on units their rights, and deletes what no add-on has any more, through the machine's own API server: from here, so that no administrator's key is ever
 * on a machine. What is there already is left as it is.
 * @throws TimeoutError with what the API server said last; SshError when the session is lost.
 */
export async function giveRights(
  session: Session,
  { apiPort, addons, ...admin }: Admin & { readonly apiPort: number; readonly addons: readonly Addon[] },
  waiting: Waiting = {},
): Promise<void> {
  const connect = () =>
    session.forward('127.0.0.1', apiPort).catch((error) => {
      throw session.alive ? error : new GiveUp(error);
    });
  const api = { ip: '127.0.0.1', port: apiPort, ...admin, connect };
  const ask: Ask = async (method, path, body) => {
    const { status, text } = await callApi(api, {
      method,
      path,
      ...(body === undefined ? {} : { body, contentType: 'application/apply-patch+yaml' }),
      timeoutMs: REQUEST_TIMEOUT_MS,
      signal: waiting.signal,
    });
    if (status === 404 && method !== 'PATCH') return null;
    if (status >= 300) throw new Error(`answered ${status}: ${text.slice(0, 300)}`);
    return JSON.parse(text) as KubernetesObject;
  };
  await waitFor(
    async () => {
      for (const object of addonRights(addons))
        await ask('PATCH', `${pathOf(object)}?fieldManager=haup&force=true`, object);
      await prune(ask, addons);
      return true;
    },
    { what: `${session.what}: the add-ons' rights`, timeoutMs: TIMEOUT_MS, signal: waiting.signal },
  );
}
