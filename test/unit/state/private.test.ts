import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { refuseExposed } from '../../../src/artifacts/cache.ts';
import type { StoreError } from '../../../src/state/errors.ts';
import { openStore } from '../../../src/state/open.ts';
import { storeUrl } from '../../../src/state/url.ts';
import { makeFolder, replaceFile } from '../../../src/util/files.ts';

let home: string;
let root: string;
const store = () => openStore(storeUrl(home), z.unknown());
const refusal = (promise: Promise<unknown>): Promise<StoreError> =>
  promise.then(
    () => {
      throw new Error('it was not refused');
    },
    (error: unknown) => error as StoreError,
  );
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'haup-private-test-'));
  root = join(home, 'clusters');
  await store().create('demo', {}, { key: 'K' });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('a store that others can write', () => {
  it.each([
    ['the store', () => root, 0o777],
    ['the store, by the group', () => root, 0o770],
    ['HAUP_HOME', () => home, 0o775],
    ['HAUP_HOME, by all', () => home, 0o707],
    ["a cluster's folder", () => join(root, 'demo'), 0o722],
  ])('is refused with the command that mends it: %s', async (_, folder, mode) => {
    chmodSync(folder(), mode);
    for (const use of [() => store().list(), () => store().read('demo'), () => store().save('demo', {}, 1)]) {
      const error = await refusal(use());
      expect([error.name, error.kind]).toEqual(['StoreError', 'exposed']);
      expect(error.message).toContain(`others can write ${folder()} (mode 0${mode.toString(8)})`);
      expect(error.advice).toContain(`chmod go-w ${folder()}`);
    }
    chmodSync(folder(), mode & ~0o022);
    expect(await store().read('demo')).toEqual({ value: {}, revision: 1 });
  });

  it('is not one that others may only read, nor one below a folder like /tmp', async () => {
    chmodSync(root, 0o755);
    chmodSync(home, 0o1777);
    expect(await store().list()).toEqual(['demo']);
  });

  it('may not be made where others could rename it away', async () => {
    mkdirSync(join(home, 'open'));
    chmodSync(join(home, 'open'), 0o777);
    const error = await refusal(
      openStore(storeUrl(join(home, 'open', 'mine')), z.unknown()).lock('demo', { doing: 'x' }),
    );
    expect([error.kind, error.advice]).toEqual([
      'exposed',
      expect.stringContaining(`chmod go-w ${home}/open`),
    ]);
    expect(readdirSync(join(home, 'open'))).toEqual([]);
  });

  it.skipIf(process.getuid?.() !== 0)("may not be another user's", async () => {
    chownSync(root, 65_534, 65_534);
    expect((await refusal(store().read('demo'))).message).toContain('belongs to another user (uid 65534)');
  });
});

describe('a cache that others can write', () => {
  it('is refused, for what is in it runs as root', async () => {
    const cache = join(home, 'cache');
    await refuseExposed(cache); // there is none yet
    await makeFolder(join(cache, 'binaries'), 0o755);
    await refuseExposed(cache);
    chmodSync(join(cache, 'binaries'), 0o777);
    await expect(refuseExposed(cache)).rejects.toMatchObject({
      kind: 'exposed',
      advice: expect.stringContaining(`chmod go-w ${cache}/binaries`),
    });
  });
});

describe('modes are given, whatever the umask', () => {
  const program = `import { openStore } from ${JSON.stringify(new URL('../../../src/state/open.ts', import.meta.url).pathname)};
    import { makeFolder } from ${JSON.stringify(new URL('../../../src/util/files.ts', import.meta.url).pathname)};
    import { z } from 'zod';
    process.umask(Number(process.argv[1]));
    await makeFolder(process.argv[2] + '/deep/er', 0o755);
    const store = openStore('file://' + process.argv[2] + '/clusters', z.unknown());
    const lock = await store.lock('demo', { doing: 'x' });
    await store.create('demo', {}, { key: 'K' });
    await store.save('demo', { more: 1 }, 1);
    await store.secrets('demo').putIfAbsent('other', 'O');
    await lock.release();`;
  const users = process.getuid?.() === 0 ? [0, 65_534] : [process.getuid!()];

  it.each(users.flatMap((uid) => [0, 0o22, 0o777].map((umask) => [umask, uid] as const)))(
    'umask %i as user %i',
    (umask, uid) => {
      const mine = join(home, 'mine');
      mkdirSync(mine);
      if (process.getuid?.() === 0) {
        chmodSync(home, 0o755);
        chownSync(mine, uid, uid);
      }
      const { stderr, status } = spawnSync(
        process.execPath,
        ['--import', 'tsx', '--input-type=module', '-e', program, String(umask), mine],
        { encoding: 'utf8', ...(process.getuid?.() === 0 ? { uid, gid: uid } : {}) },
      );
      expect([status, stderr]).toEqual([0, '']);
      const mode = (path: string): string => (statSync(join(mine, path)).mode & 0o777).toString(8);
      expect(['clusters', 'clusters/demo', 'clusters/demo/secrets'].map(mode)).toEqual(['700', '700', '700']);
      expect(
        ['cluster.json', 'secrets/key', 'secrets/other'].map((file) => mode(`clusters/demo/${file}`)),
      ).toEqual(['600', '600', '600']);
      expect(['deep', 'deep/er'].map(mode)).toEqual(['755', '755']);
    },
  );

  it('and a file that all may read is one', async () => {
    await replaceFile(join(home, 'file'), 'x', { mode: 0o644 });
    expect(statSync(join(home, 'file')).mode & 0o777).toBe(0o644);
  });
});
