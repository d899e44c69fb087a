import { messageOf } from '../../util/failure.ts';
import { renewTokens } from '../members/renew.ts';
import { SETTINGS_PATH } from '../model/names.ts';
import { type Api, openApi } from './api.ts';
import { type ControllerOptions, startController } from './controller.ts';
import { acquireLease } from './lease.ts';
import { pause } from './mirror.ts';
import { type NamesSecret, namesSecret, openNames } from './names.ts';
import { openReport } from './report.ts';
import { type FederationSettings, readSettings } from './settings.ts';

export interface Serving extends Pick<ControllerOptions, 'api' | 'now' | 'log' | 'open'> {
  /** This process, and no other. */
  readonly holder: string;
  /** Something that it was begun with is another now: its certificate, or whom it believes. Looked at while it waits, too. */
  readonly isOld: () => boolean;
  readonly signal: AbortSignal;
}

/** `begin-anew`: a setting, or something that it was begun with, is another. */
export type Ended = 'told' | 'begin-anew' | 'lease-lost';

const LOOK_MS = 10_000;
const RENEW_MS = 10 * 60_000;
/** What failed of it is tried again sooner, and not told for longer than it lasts. */
const RENEW_AGAIN_MS = 60_000;

/** Waits for the lease, and is the active controller until it ends. */
export async function serve({ isOld, signal, ...given }: Serving): Promise<Ended> {
  const old = new AbortController();
  const look = setInterval(() => {
    if (isOld()) old.abort();
  }, LOOK_MS);
  try {
    const ended = await whileFresh({ ...given, signal: AbortSignal.any([signal, old.signal]) });
    return ended === 'told' && old.signal.aborted ? 'begin-anew' : ended;
  } finally {
    clearInterval(look);
  }
}

async function whileFresh({ signal, holder, ...given }: Omit<Serving, 'isOld'>): Promise<Ended> {
  const { api, now, log } = given;
  const first = await settingsOf(api, signal, log);
  if (first === null) return 'told';
  const uid = (await api.call('GET', '/api/v1/namespaces/kube-system')).metadata.uid ?? '';
  const lease = await acquireLease(api, holder, signal, now).catch(() => null);
  if (lease === null) return 'told';
  log('this is the active controller');
  const stop = AbortSignal.any([signal, lease.lost]);
  const federation = first.settings.federation;
  const names = await openNames({ ...first, uid, log });
  const controller = startController({
    ...given,
    identity: { federation, uid },
    onShards: (shards) => names?.shards(shards),
  });
  // At once, whatever the loop below waits for: another one may begin as soon as the lease is over.
  const end = (): void => {
    controller.close();
    void names?.close();
  };
  stop.addEventListener('abort', end, { once: true });
  const report = openReport(api);
  let isOther = false;
  let renewal: { readonly at: number; readonly problems: readonly string[] } | null = null;
  while (!stop.aborted && !isOther) {
    const rest = renewal?.problems.length ? RENEW_AGAIN_MS : RENEW_MS;
    if (renewal === null || now() - renewal.at >= rest)
      renewal = { at: now(), problems: await renewed(given, federation) };
    await report([...controller.problems(), ...(names?.problems() ?? []), ...renewal.problems]);
    await pause(LOOK_MS, stop);
    const newest = await settingsOf(api, stop, log, 1);
    isOther = newest !== null && JSON.stringify(newest) !== JSON.stringify(first);
  }
  end();
  await names?.close();
  await lease.release();
  return lease.lost.aborted ? 'lease-lost' : isOther ? 'begin-anew' : 'told';
}

/** Members' tokens, where it is time. @returns what is wrong with them, in words */
async function renewed(
  { api, open = openApi, log }: Pick<Serving, 'api' | 'open' | 'log'>,
  federation: string,
): Promise<string[]> {
  try {
    return await renewTokens({ api, federation, open, wall: Date.now(), log });
  } catch (error) {
    return [`members' tokens cannot be looked at: ${messageOf(error)}`];
  }
}

/** What it is begun with. */
interface Beginning {
  readonly settings: FederationSettings;
  readonly secret: NamesSecret | null;
}

/** Waits for all of it; null: to be stopped came first. */
async function settingsOf(
  api: Api,
  signal: AbortSignal,
  log: (line: string) => void,
  tries = Number.POSITIVE_INFINITY,
): Promise<Beginning | null> {
  for (let i = 0; i < tries && !signal.aborted; i += 1) {
    try {
      const { data } = await api.call('GET', SETTINGS_PATH, { signal });
      const settings = readSettings(data as Record<string, string>);
      // Everything would be marked as nobody's.
      if (settings.federation === '') throw new Error('they do not say what it is called');
      return { settings, secret: await namesSecret(api, settings, signal) };
    } catch (error) {
      if (i === 0 && tries > 1) log(`waiting for the federation's settings: ${(error as Error).message}`);
      if (i + 1 < tries) await pause(2_000, signal);
    }
  }
  return null;
}
