import type { Addon } from '../addons/addons.ts';
import { callApi } from '../kubernetes/client.ts';
import type { Session } from '../ssh/session.ts';
import { GiveUp, waitFor } from '../util/wait.ts';
import { addonRights, pathOf } from './settings/rights.ts';
import type { Waiting } from './waiting.ts';

/** An administrator's way to be believed, PEM. */
export interface Admin {
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
}

const TIMEOUT_MS = 60_000;
const REQUEST_TIMEOUT_MS = 5_000;

/**
 * Gives the add-on units their rights, through the machine's own API server: from here, so that no administrator's key is ever
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
  await waitFor(
    async () => {
      for (const object of addonRights(addons)) {
        const { status, text } = await callApi(api, {
          method: 'PATCH',
          path: `${pathOf(object)}?fieldManager=haup&force=true`,
          contentType: 'application/apply-patch+yaml',
          body: object,
          timeoutMs: REQUEST_TIMEOUT_MS,
          signal: waiting.signal,
        });
        if (status !== 200 && status !== 201) throw new Error(`answered ${status}: ${text.slice(0, 300)}`);
      }
      return true;
    },
    { what: `${session.what}: the add-ons' rights`, timeoutMs: TIMEOUT_MS, signal: waiting.signal },
  );
}
