/**
 * The federation's controller, one file once it is built, on each master of a federation: `node federation.mjs SERVER FOLDER`. In the
 * folder are ca.crt, federation.crt and federation.key. One of them is active, by a lease.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { SETTINGS_PATH } from '../model/names.ts';
import { type Api, openApi } from './api.ts';
import { startController } from './controller.ts';
import { acquireLease } from './lease.ts';
import { pause } from './mirror.ts';
import { openNames } from './names.ts';
import { report } from './report.ts';
import { type FederationSettings, readSettings } from './settings.ts';

const LOOK_MS = 10_000;

const ended = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => ended.abort());

await run(process.argv[2]!, process.argv[3]!, ended.signal);

async function run(server: string, folder: string, signal: AbortSignal): Promise<void> {
  const read = (file: string): string => readFileSync(`${folder}/${file}`, 'utf8');
  const certificate = read('federation.crt');
  const api = openApi({
    server,
    caPem: read('ca.crt'),
    certPem: certificate,
    keyPem: read('federation.key'),
  });
  const now = (): number => Math.round(performance.now());
  const first = await settingsOf(api, signal);
  if (first === null) return;
  const uid = (await api.call('GET', '/api/v1/namespaces/kube-system')).metadata.uid ?? '';
  const lease = await acquireLease(api, `${hostname()}-${process.pid}`, signal, now).catch(() => null);
  if (lease === null) return;
  say('this is the active controller');
  const names = await openNames({ api, settings: first, uid, log: say });
  const controller = startController({
    ...{ api, now, log: say },
    identity: { federation: first.federation, uid },
    onShards: (shards) => names?.shards(shards),
  });
  const stop = AbortSignal.any([signal, lease.lost]);
  while (!stop.aborted) {
    await report(api, [...controller.problems().values(), ...(names?.problems() ?? [])]);
    await pause(LOOK_MS, stop);
    // Another setting, or another certificate: begun anew by systemd.
    const settings = await settingsOf(api, stop, 1);
    if (settings && JSON.stringify(settings) !== JSON.stringify(first)) break;
    if (read('federation.crt') !== certificate) break;
  }
  controller.close();
  await names?.close();
  await lease.release();
  process.exit(lease.lost.aborted ? 1 : 0);
}

/** Waits for them; null: to be stopped came first. */
async function settingsOf(
  api: Api,
  signal: AbortSignal,
  tries = Number.POSITIVE_INFINITY,
): Promise<FederationSettings | null> {
  for (let i = 0; i < tries && !signal.aborted; i += 1) {
    try {
      const { data } = await api.call('GET', SETTINGS_PATH);
      return readSettings(data as Record<string, string>);
    } catch (error) {
      if (i === 0 && tries > 1) say(`waiting for the federation's settings: ${(error as Error).message}`);
      if (i + 1 < tries) await pause(2_000, signal);
    }
  }
  return null;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
