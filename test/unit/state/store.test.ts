import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sayRemedy } from '../../../src/cli/output/remedy.ts';
import { StoreError } from '../../../src/state/errors.ts';
import { openStore } from '../../../src/state/open.ts';
import type { Store } from '../../../src/state/store.ts';
import { storeUrl } from '../../../src/state/url.ts';

const schema = z.strictObject({ zone: z.string(), replicas: z.number().int() });
type Value = z.infer<typeof schema>;
const value: Value = { zone: 'local-a', replicas: 1 };

let home: string;
let root: string;
let store: Store<Value>;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'haup store%test-'));
  root = join(home, 'clusters');
  store = openStore(storeUrl(home), schema);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function refusal(promise: Promise<unknown>): Promise<StoreError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StoreError);
  return error as StoreError;
}
const documentPath = (): string => join(root, 'demo', 'cluster.json');

describe('the store', () => {
  it('gives back what was created and saved, with its revision', async () => {
    expect(await store.list()).toEqual([]);
    expect(await store.read('demo')).toBeNull();
    expect(await store.create('demo', value)).toBe(1);
    expect(await store.save('demo', { ...value, replicas: 3 }, 1)).toBe(2);
    expect(await store.read('demo')).toEqual({ value: { ...value, replicas: 3 }, revision: 2 });
    await store.create('a', value);
    expect(await store.list()).toEqual(['a', 'demo']);
  });

  it('keeps everything from other users', async () => {
    await store.create('demo', value, { 'ssh.key': 'S' });
    await store.secrets('demo').put('authorities', 'A');
    const modes = (path: string): number => statSync(join(root, path)).mode & 0o777;
    expect(['.', 'demo', 'demo/secrets'].map(modes)).toEqual([0o700, 0o700, 0o700]);
    expect(['demo/cluster.json', 'demo/secrets/ssh.key', 'demo/secrets/authorities'].map(modes)).toEqual([
      0o600, 0o600, 0o600,
    ]);
  });

  it('refuses to create what exists, and leaves that as it was', async () => {
    await store.create('demo', value, { key: 'old' });
    expect((await refusal(store.create('demo', { zone: 'x', replicas: 9 }, { key: 'new' }))).kind).toBe(
      'exists',
    );
    expect(await store.read('demo')).toEqual({ value, revision: 1 });
    expect(await store.secrets('demo').get('key')).toBe('old');
    expect(readdirSync(root)).toEqual(['demo']);
  });

  it('lets exactly one of many savers of one revision win', async () => {
    await store.create('demo', value);
    const saves = await Promise.allSettled(
      Array.from({ length: 8 }, (_, replicas) => store.save('demo', { ...value, replicas }, 1)),
    );
    const winners = saves.flatMap((save, index) => (save.status === 'fulfilled' ? [index] : []));
    expect(winners).toHaveLength(1);
    for (const save of saves)
      if (save.status === 'rejected') expect(save.reason).toMatchObject({ kind: 'conflict' });
    expect(await store.read('demo')).toEqual({ value: { ...value, replicas: winners[0] }, revision: 2 });
    expect(readdirSync(join(root, 'demo')).sort()).toEqual(['cluster.json', 'secrets']);
  });

  it('refuses to save a cluster that is not there', async () => {
    expect((await refusal(store.save('demo', value, 1))).kind).toBe('missing');
    expect((await refusal(store.secrets('demo').put('key', 'K'))).kind).toBe('missing');
  });

  it('removes everything, also what it cannot read, and a second time', async () => {
    await store.create('demo', value, { key: 'K' });
    writeFileSync(documentPath(), 'not ours');
    await store.remove('demo');
    await store.remove('demo');
    expect(readdirSync(root)).toEqual([]);
    expect(await store.read('demo')).toBeNull();
  });

  it.each(['..', '.', '', 'a/b', '../demo', 'A', 'a b', '-a', `a${'b'.repeat(63)}`, 'a\0b', 'a\n'])(
    'refuses %j as a name before it touches the disk',
    async (name) => {
      const kinds = [
        await refusal(store.read(name)),
        await refusal(store.create(name, value)),
        await refusal(store.save(name, value, 1)),
        await refusal(store.remove(name)),
        await refusal(store.lock(name, { doing: 'x' })),
      ].map((error) => error.kind);
      expect(new Set(kinds)).toEqual(new Set(['invalid']));
      expect(() => store.secrets(name)).toThrow(StoreError);
      expect(readdirSync(home)).toEqual([]);
    },
  );

  it.each(['clusters', 'http://x/y', 'file://host/x', 'file:///a%2Fb'])('refuses %s as an address', (url) => {
    expect(() => openStore(url, schema)).toThrow(StoreError);
  });

  it('keeps secrets: the first of putIfAbsent stays, put replaces', async () => {
    await store.create('demo', value);
    const secrets = store.secrets('demo');
    expect(await secrets.get('key')).toBeNull();
    expect(await secrets.putIfAbsent('key', 'one')).toBe('one');
    expect(await secrets.putIfAbsent('key', 'two')).toBe('one');
    await secrets.put('key', 'three');
    expect(await secrets.get('key')).toBe('three');
    expect((await refusal(secrets.put('../cluster.json', 'x'))).kind).toBe('invalid');
    expect(readdirSync(join(root, 'demo', 'secrets'))).toEqual(['key']);
  });
});

describe('a store that is not as haup left it is refused with what to do', () => {
  beforeEach(() => store.create('demo', value, { key: 'K' }).then(() => {}));

  it.each([
    ['cut short', () => truncateSync(documentPath(), 40), 'corrupt', 'cut short', 'backup'],
    ['empty', () => truncateSync(documentPath(), 0), 'corrupt', 'empty', 'backup'],
    ['missing in its folder', () => rmSync(documentPath()), 'corrupt', 'is missing', 'backup'],
    [
      "somebody else's",
      () => writeFileSync(documentPath(), '{"a":1}'),
      'foreign',
      'not written by haup',
      '--store',
    ],
    ['edited wrongly', () => edit({ value: { zone: 1, replicas: 1 } }), 'corrupt', 'zone', 'backup'],
    ['with something more in it', () => edit({ value: { ...value, more: 1 } }), 'corrupt', 'more', 'backup'],
    ['of a newer haup', () => edit({ schemaVersion: 99, other: 1 }), 'newer', 'newer haup', 'newer'],
    ['a folder', () => swap(() => mkdirSync(documentPath())), 'foreign', 'EISDIR', '--store'],
    [
      'a symbolic link',
      () => swap(() => symlinkSync(`${documentPath()}.was`, documentPath())),
      'foreign',
      'ELOOP',
      '',
    ],
    ['a pipe', () => swap(() => spawnSync('mkfifo', [documentPath()])), 'corrupt', 'empty', 'backup'],
  ])('%s', async (_, spoil, kind, words, advice) => {
    spoil();
    for (const attempt of [() => store.read('demo'), () => store.save('demo', value, 1)]) {
      const error = await refusal(attempt());
      expect(error.kind).toBe(kind);
      expect(error.message).toContain(words);
      expect(error.message).toContain('demo');
      expect(error.remedies.map((remedy) => sayRemedy(remedy, {})).join('\n')).toContain(advice);
      expect(error.message).not.toContain('\n');
    }
  });

  it('a copied folder', async () => {
    cpSync(join(root, 'demo'), join(root, 'copy'), { recursive: true });
    const error = await refusal(store.read('copy'));
    expect([error.kind, error.message]).toEqual(['foreign', expect.stringContaining('"demo"')]);
  });

  it('a file or a link where the cluster or the store should be', async () => {
    writeFileSync(join(root, 'file'), '');
    symlinkSync(join(root, 'demo'), join(root, 'link'));
    expect((await refusal(store.read('file'))).kind).toBe('foreign');
    expect((await refusal(store.read('link'))).kind).toBe('foreign');
    const misplaced = openStore(`${storeUrl(home)}/file`, schema);
    expect((await refusal(misplaced.list())).kind).toBe('foreign');
    expect((await refusal(misplaced.create('demo', value))).kind).toBe('foreign');
  });

  it.skipIf(process.getuid?.() !== 0)("another user's", () => {
    chmodSync(home, 0o755);
    const program = new URL('programs/reader.ts', import.meta.url).pathname;
    const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', program, storeUrl(home)], {
      uid: 65_534,
      gid: 65_534,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    const errors = JSON.parse(stdout) as { kind: string; advice: string }[];
    expect(errors.map((error) => error.kind)).toEqual([
      'unreadable',
      'unreadable',
      'unreadable',
      'unreadable',
    ]);
    expect(errors[0]!.advice).toContain('chown');
  });

  function edit(change: object): void {
    writeFileSync(
      documentPath(),
      JSON.stringify({ ...JSON.parse(readFileSync(documentPath(), 'utf8')), ...change }),
    );
  }
  function swap(replace: () => unknown): void {
    renameSync(documentPath(), `${documentPath()}.was`);
    replace();
    expect(existsSync(documentPath())).toBe(true);
  }
});
