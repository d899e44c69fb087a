import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateIdentity } from 'age-encryption';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Backup } from '../../src/backup/list.ts';
import { type ApiClient, callApi } from '../../src/kubernetes/client.ts';
import { filesBelow } from '../support/files-below.ts';
import { whole } from '../support/whole.ts';
import { behindTheBack, stored } from './support/cloud.ts';
import { adminOf, useClusters } from './support/clusters.ts';
import { E2E_HOME, haup, startHaup, status, tryHaup } from './support/haup.ts';
import { onMachine } from './support/inside.ts';
import { killedAfterSteps, unharmed } from './support/relay.ts';
import { type CloudStorage, startStorage } from './support/s3.ts';

/** A master, its backups in a bucket, and everything lost: first the machine, then the operator's store as well. */
const CLUSTER = 'e2e-backup';
const on = ['-c', CLUSTER];
useClusters(CLUSTER);

const identity = join(E2E_HOME, 'backup-identity');
let api: ApiClient;
let storage: CloudStorage;
let to: string;

beforeAll(async () => {
  await haup('create', ...on);
  api = await adminOf(CLUSTER);
  await writeFile(identity, await generateIdentity(), { mode: 0o600 });
  storage = await startStorage(CLUSTER, api.ip);
  to = `${storage.address}/backups/demo`;
});

afterAll(async () => {
  await storage?.close();
  await rm(identity, { force: true });
});

/** As the operator who has the identity. */
async function operator(...args: string[]) {
  return tryHaup(args, { env: { HAUP_STORE_IDENTITY: identity } });
}

async function succeed(...args: string[]): Promise<string> {
  const ended = await operator(...args);
  expect([ended.code, ended.code === 0 ? '' : ended.stderr]).toEqual([0, '']);
  return ended.stdout;
}

async function make(kind: 'namespaces' | 'namespaces/default/secrets', name: string): Promise<void> {
  const data = kind === 'namespaces' ? {} : { stringData: { word: 'keepsake-in-a-secret' } };
  const body = { metadata: { name }, ...data };
  const made = await callApi(api, { method: 'POST', path: `/api/v1/${kind}`, body, timeoutMs: 10_000 });
  expect(made.status).toBe(201);
}

async function expectKept(name: string): Promise<void> {
  const kept = await callApi(api, { path: `/api/v1/namespaces/default/secrets/${name}`, timeoutMs: 10_000 });
  expect(kept.status).toBe(200);
  expect(kept.text).toContain(Buffer.from('keepsake-in-a-secret').toString('base64'));
  expect(await status(CLUSTER)).toMatchObject({
    converged: true,
    warnings: [],
    etcd: { voters: 1, healthy: 1 },
    apiAddress: { ip: api.ip },
  });
}

/** Whatever in the store's secrets looks like one, with the secret's name: lines of keys, passwords. What is public is none. */
async function secretWords(): Promise<Map<string, string>> {
  const folder = join(E2E_HOME, 'clusters', CLUSTER, 'secrets');
  const found = new Map<string, string>();
  for (const name of await readdir(folder)) {
    const text = (await readFile(join(folder, name), 'utf8'))
      .replaceAll(/-----BEGIN (CERTIFICATE|PUBLIC KEY)-----.*?-----END \1-----/gs, '')
      .replaceAll('\\n', '\n')
      .replaceAll(/SHA256:[\w+/]+/g, '');
    for (const word of text.match(/[\w+/=-]{40,}/g) ?? [])
      if (!word.startsWith('age1')) found.set(word, name);
  }
  expect(found.size).toBeGreaterThan(10);
  return found;
}

/** Byte by byte, all that the bucket holds. */
async function objects(): Promise<string> {
  const bytes = (await Promise.all(filesBelow(storage.root).map((file) => readFile(file, 'latin1')))).join(
    '\n',
  );
  expect(bytes.length).toBeGreaterThan(10_000);
  return bytes;
}

/** Which secret is there, and after which words. */
function leaked(words: ReadonlyMap<string, string>, where: string): string[] {
  return [...words].flatMap(([word, name]) =>
    [word, Buffer.from(word).toString('base64')].flatMap((form) => {
      const at = where.indexOf(form);
      return at < 0 ? [] : [`${name}, after ${JSON.stringify(where.slice(Math.max(0, at - 80), at))}`];
    }),
  );
}

const enable = (...more: string[]) => [
  ...['backup', 'enable', ...on, '--backup-credentials', storage.credentials, ...more],
];

test('what cannot be a repository is refused in a line, and changes nothing', async () => {
  const before = stored(CLUSTER);
  const missing = await operator(...enable('--backup-to', `${storage.address}/no-such-bucket/x`));
  expect(missing).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^haup: .*bucket does not exist.*\n$/),
  });
  const alone = await tryHaup(enable('--backup-to', to));
  expect(alone).toMatchObject({ code: 2, stderr: expect.stringMatching(/^haup: .*none is named.*\n$/) });
  expect((await tryHaup(['backup', 'list', ...on])).code).toBe(2);
  const here = await operator(...enable('--backup-to', E2E_HOME));
  expect(here).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^haup: .*does not have the folder.*\n$/),
  });
  expect(stored(CLUSTER)).toBe(before);
});

test('backups are taken by themselves and on request, and their failure is told in restic’s words', async () => {
  await succeed(...enable('--backup-to', to, '--backup-every', '1h'));
  await make('namespaces/default/secrets', 'first');
  const taken = JSON.parse(await succeed('backup', 'create', ...on, '-o', 'json')) as { id: string };
  const backups = JSON.parse(await haup('backup', 'list', ...on, '-o', 'json')) as Backup[];
  expect(backups[0]).toMatchObject({ id: taken.id, cluster: CLUSTER, by: `${CLUSTER}-master` });
  expect(await status(CLUSTER)).toMatchObject({ warnings: [], backup: { to, last: { id: taken.id } } });

  const processes = 'cat /proc/*/cmdline /proc/*/environ; journalctl -q --no-pager -o cat | tr -d "\\0"';
  const { stdout } = await onMachine(CLUSTER, `${CLUSTER}-master`, processes);
  expect(stdout).toContain('kube-apiserver');
  const words = await onMachine(CLUSTER, `${CLUSTER}-master`, 'cat /etc/haup/backup/password');
  expect(words.stdout).toMatch(/^[\w-]{43}$/);
  const secrets = await secretWords();
  expect(secrets.get(words.stdout)).toBe('backup');
  expect(leaked(secrets, stdout)).toEqual([]);
  expect(stdout).not.toContain('test-masters-secret');
  const sealed = await onMachine(CLUSTER, `${CLUSTER}-master`, 'cat /etc/haup/backup/sealed.age');
  expect(sealed.stdout).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----/);

  await rename(join(storage.root, 'backups'), join(storage.root, 'gone'));
  const failed = await operator('backup', 'create', ...on);
  expect(failed).toMatchObject({ code: 5, stderr: expect.stringContaining('bucket does not exist') });
  expect((await status(CLUSTER)).warnings).toEqual([
    expect.stringMatching(
      new RegExp(`^backups fail on ${CLUSTER}-master .*${taken.id}.*bucket does not exist`),
    ),
  ]);
  await rename(join(storage.root, 'gone'), join(storage.root, 'backups'));
  await succeed('backup', 'create', ...on);
  expect(JSON.parse(await succeed('backup', 'verify', ...on, '-o', 'json'))).toMatchObject({ secrets: 1 });
  const [verified] = JSON.parse(await haup('backup', 'list', ...on, '-o', 'json')) as Backup[];
  expect(verified!.verified).toMatch(/^20\d\d-.*Z$/);
  expect(leaked(new Map([...secrets, ['keepsake-in-a-secret', 'a Secret']]), await objects())).toEqual([]);
  expect((await status(CLUSTER)).warnings).toEqual([]);
});

test('the only master is lost: one command, which is killed, and repair bring everything back', async () => {
  await make('namespaces', 'too-late');
  await behindTheBack(CLUSTER, (cloud) => cloud.machines.delete(`${CLUSTER}-master`));
  const plan = await haup('rescue', ...on, '--dry-run');
  expect(plan).toMatch(/restore etcd on e2e-backup-master-\w+ from the backup/);
  expect(plan).toMatch(/writes after 20\S+Z are lost for ever/);
  expect((await tryHaup(['rescue', ...on])).code).toBe(2);
  expect((await tryHaup(['rescue', ...on, '--backup', '0123abcd', '--yes'])).code).toBe(6);
  expect((await killedAfterSteps(['rescue', ...on, '--yes'], 3)).killed).toBe(true);
  expect((await unharmed(['repair', ...on])).result.code).toBe(0);
  await expectKept('first');
  const late = await callApi(api, { path: '/api/v1/namespaces/too-late', timeoutMs: 10_000 });
  expect(late.status).toBe(404);
});

test.runIf(whole)(
  'killed after any step of restore, with the old master switched on again, repair finishes it',
  async () => {
    const env = { HAUP_STORE_IDENTITY: identity };
    for (let steps = 1; ; steps++) {
      await succeed('backup', 'create', ...on);
      const { name } = (await status(CLUSTER)).replicas[0]!;
      await haup('fault', ...on, 'power-off', name);
      await rm(join(E2E_HOME, 'clusters', CLUSTER), { recursive: true });
      const from = ['--from', to, '--backup-credentials', storage.credentials];
      const restore = ['restore', ...on, ...from, '--fenced', name, '--yes'];
      const { killed } = await killedAfterSteps(restore, steps, env);
      // It may be deleted already.
      await tryHaup(['fault', ...on, 'power-on', name]);
      expect((await unharmed(['repair', ...on])).result.code).toBe(0);
      await expectKept('first');
      if (!killed) break;
    }
  },
  2 * 60 * 60_000,
);

test('the store is lost too: the repository and the identity bring it back, and the cluster with it', async () => {
  await make('namespaces/default/secrets', 'second');
  await succeed('backup', 'create', ...on);
  const name = (await status(CLUSTER)).replicas[0]!.name;
  await behindTheBack(CLUSTER, (cloud) => cloud.machines.delete(name));
  await rm(join(E2E_HOME, 'clusters', CLUSTER), { recursive: true });
  const restore = ['restore', ...on, '--from', to, '--backup-credentials', storage.credentials, '--yes'];
  expect(await tryHaup(restore)).toMatchObject({ code: 2 });
  const other = join(E2E_HOME, 'other-identity');
  await writeFile(other, await generateIdentity(), { mode: 0o600 });
  expect(await tryHaup(restore, { env: { HAUP_STORE_IDENTITY: other } })).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/wrong password .*another identity/),
  });
  await rm(other);
  // Stopped when the store is there again, and in the middle of the rescue: each time the same command goes on.
  const once = startHaup([...restore, '--log-format', 'json'], { env: { HAUP_STORE_IDENTITY: identity } });
  await once.shows('the store has');
  once.child.kill('SIGKILL');
  expect((await once.ended).signal).toBe('SIGKILL');
  expect(stored(CLUSTER)).not.toContain('"rescue"');
  const killed = await killedAfterSteps(restore, 2, { HAUP_STORE_IDENTITY: identity });
  expect(killed.killed).toBe(true);
  await succeed(...restore);
  expect((await unharmed(['repair', ...on])).result.code).toBe(0);
  await expectKept('first');
  await expectKept('second');
  // What the store has already is there; what it has gone on from is not put in its place.
  const backups = JSON.parse(await haup('backup', 'list', ...on, '-o', 'json')) as Backup[];
  expect(await operator(...restore, '--backup', backups.at(-1)!.id)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('written over'),
  });
});
