import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { STATE_ROOT } from '../../src/providers/local/paths.ts';
import { waitFor } from '../../src/util/wait.ts';
import { injectFault } from '../../test/e2e/support/faults.ts';
import { haup, removeCluster, status } from '../../test/e2e/support/haup.ts';
import { HOME } from './home.ts';
import { quiet } from './machine.ts';
import { type Part, profiled } from './profile.ts';
import { type Run, run } from './run.ts';
import { adminOf, caOf, hasAuthorities } from './store.ts';
import { afterFault, type Gap, gapOf, startWrites } from './writes.ts';

export const CLUSTER = 'bench';
const on = ['-c', CLUSTER];
const CREATE = ['create', ...on, '--multizone', '--zone', 'local-a'];
const GROW = ['add-replica', ...on, '--zones', 'local-b,local-c'];
const SHRINK = ['remove-replica', ...on, '--count', '2'];

export interface Timed {
  /** Until the first `ok` of /readyz through the API address, ms. */
  readonly ready: number;
  readonly create: Run;
  readonly grow: Run;
  readonly remove: Run;
}

/** What is compared with the floor: nothing else runs meanwhile. */
export async function timedRound(): Promise<Timed> {
  await removeCluster(CLUSTER);
  const began = performance.now();
  const stop = new AbortController();
  const ready = firstReady(began, stop.signal);
  const create = await run(CREATE).finally(() => stop.abort());
  await quiet();
  const grow = await run(GROW);
  return { ready: await ready, create, grow, remove: await run(['delete', ...on, '--yes']) };
}

/** What takes haup's own processor time in `create` and in one to three. */
export async function profiles(): Promise<Profiles> {
  await removeCluster(CLUSTER);
  const create = await profiled((env) => run(CREATE, env));
  const grow = await profiled((env) => run(GROW, env));
  await removeCluster(CLUSTER);
  return { create, grow };
}

export interface Profiles {
  readonly create: readonly Part[];
  readonly grow: readonly Part[];
}

export interface Gaps {
  readonly promotion: Gap;
  readonly demotion: Gap;
  readonly powerOff: ReturnType<typeof afterFault>;
  readonly replace: Run;
  readonly shrink: Run;
}

/** The same changes under a client that writes. */
export async function gapsRound(): Promise<Gaps> {
  await removeCluster(CLUSTER);
  await haup(...CREATE);
  const api = await adminOf(CLUSTER, (await status(CLUSTER)).apiAddress!.ip);
  const during = async (name: string, work: () => Promise<unknown>) => {
    const writes = await startWrites(api, name);
    await work().finally(() => writes.stop());
    return writes.stop();
  };
  const promotion = gapOf(await during('promotion', () => haup(...GROW)));

  const leader = (await status(CLUSTER)).replicas.find((replica) => replica.etcd.role === 'leader')!.name;
  let fault = 0;
  const powerOff = await during('power-off', async () => {
    fault = await injectFault(CLUSTER, 'power-off', leader);
    await new Promise((resolve) => setTimeout(resolve, 8000));
  });
  const replace = await run(['replace-replica', ...on, leader]);

  let shrink: Run | undefined;
  const demotion = gapOf(
    await during('demotion', async () => {
      shrink = await run(SHRINK);
    }),
  );
  await removeCluster(CLUSTER);
  return { promotion, demotion, powerOff: afterFault(powerOff, fault), replace, shrink: shrink! };
}

/** Asked with curl as the floor is, from when the address and the authority are known. */
async function firstReady(began: number, signal: AbortSignal): Promise<number> {
  const ip = await waitFor(async () => (hasAuthorities(CLUSTER) ? reservedAddress() : undefined), {
    what: 'an API address',
    timeoutMs: 120_000,
    intervalMs: 10,
    maxIntervalMs: 10,
  });
  const file = join(HOME, 'bench-ca.crt');
  writeFileSync(file, caOf(CLUSTER));
  const script =
    'until [ "$(curl -s -m 1 --connect-timeout 0.1 --cacert "$1" "https://$2/readyz")" = ok ]; do sleep 0.05; done';
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', script, 'bench', file, ip], { stdio: 'inherit' });
    // haup has ended: the address answers now, or the figure would be of something else.
    signal.addEventListener('abort', () => setTimeout(() => child.kill(), 5000).unref());
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(performance.now() - began);
      else reject(new Error('/readyz was not seen to answer'));
    });
  });
}

function reservedAddress(): string | undefined {
  const key = readdirSync(STATE_ROOT).find(
    (name) => name.startsWith(`${CLUSTER}-`) && name.length === CLUSTER.length + 17,
  );
  if (!key) return undefined;
  try {
    return (JSON.parse(readFileSync(join(STATE_ROOT, key, 'address.json'), 'utf8')) as { ip: string }).ip;
  } catch {
    return undefined;
  }
}
