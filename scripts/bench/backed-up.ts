import { randomBytes } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateIdentity } from 'age-encryption';
import { ask } from '../../src/drill/clients/load.ts';
import { type ApiClient, callApi } from '../../src/kubernetes/client.ts';
import { waitFor } from '../../src/util/wait.ts';
import { behindTheBack } from '../../test/e2e/support/cloud.ts';
import { haup, removeCluster, status, tryHaup } from '../../test/e2e/support/haup.ts';
import { startStorage } from '../../test/e2e/support/s3.ts';
import { filesBelow } from '../../test/support/files-below.ts';
import { HOME } from './home.ts';
import { adminOf } from './store.ts';

/** A cluster whose backups go to a bucket, for measurements. */
export interface BackedUp {
  readonly api: ApiClient;
  /** As the operator who has the identity. Must succeed. @returns standard output */
  haup(...args: string[]): Promise<string>;
  /** Bytes that the bucket holds. */
  stored(): number;
  close(): Promise<void>;
}

export interface Wish {
  readonly cluster: string;
  readonly replicas: number;
  readonly every: string;
  /** Of ConfigMaps that nobody changes, before the first backup. */
  readonly fillBytes: number;
}

const ZONES = ['local-a', 'local-b', 'local-c'];
/** Of one object: a ConfigMap holds 1 MiB at most, in base64. */
const FILL_BYTES = 500_000;

export async function startBackedUp({ cluster, replicas, every, fillBytes }: Wish): Promise<BackedUp> {
  await removeCluster(cluster);
  await haup('create', '-c', cluster, '--multizone', '--zones', ZONES.slice(0, replicas).join(','));
  const api = await adminOf(cluster, (await status(cluster)).apiAddress!.ip);
  await fill(api, fillBytes);
  const identity = join(HOME, 'identity');
  writeFileSync(identity, await generateIdentity(), { mode: 0o600 });
  const storage = await startStorage(cluster, api.ip);
  const operator = async (...args: string[]): Promise<string> => {
    const ended = await tryHaup([...args, '-c', cluster], { env: { HAUP_STORE_IDENTITY: identity } });
    if (ended.code === 0) return ended.stdout;
    throw new Error(`haup ${args.join(' ')} ended with ${ended.code}:\n${ended.stderr}`);
  };
  const where = ['--backup-to', `${storage.address}/backups/x`, '--backup-credentials', storage.credentials];
  await operator('backup', 'enable', ...where, '--backup-every', every);
  return {
    api,
    haup: operator,
    stored: () => sizeOf(storage.root),
    async close() {
      await removeCluster(cluster);
      await storage.close();
    },
  };
}

async function fill(api: ApiClient, bytes: number): Promise<void> {
  for (let n = 0; n * FILL_BYTES < bytes; n++) {
    // What could be compressed would be a small backup.
    const binaryData = { filling: randomBytes(FILL_BYTES).toString('base64') };
    const body = { metadata: { name: `filling-${n}` }, binaryData };
    await ask(api, {
      method: 'POST',
      path: '/api/v1/namespaces/default/configmaps',
      body,
      timeoutMs: 30_000,
    });
  }
}

function sizeOf(folder: string): number {
  // A lock of restic's may be gone by then.
  const size = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return filesBelow(folder).reduce((sum, file) => sum + size(file), 0);
}

/** The power cords of all masters at one moment; then their machines are gone for ever. */
export async function loseAll(cluster: string): Promise<void> {
  const names = (await status(cluster)).replicas.map(({ name }) => name);
  await behindTheBack(cluster, async (cloud) => {
    await Promise.all(names.map((name) => cloud.fault!('power-off', name)));
    await Promise.all(names.map((name) => cloud.machines.delete(name)));
  });
}

export interface Rescued {
  /** From the command's start, ms. */
  readonly firstAnswer: number;
  readonly ended: number;
}

/** Until the API answers again, and until the command has ended. */
export async function rescued(backedUp: BackedUp): Promise<Rescued> {
  const began = performance.now();
  const stop = new AbortController();
  const answer = waitFor(
    async () => {
      const seen = await callApi(backedUp.api, { path: '/readyz', timeoutMs: 1000 }).catch(() => null);
      return seen?.status === 200 ? performance.now() - began : undefined;
    },
    { what: 'the API', timeoutMs: 30 * 60_000, intervalMs: 100, maxIntervalMs: 100, signal: stop.signal },
  );
  answer.catch(() => {});
  try {
    await backedUp.haup('rescue', '--yes');
  } catch (error) {
    stop.abort();
    throw error;
  }
  return { firstAnswer: await answer, ended: performance.now() - began };
}
