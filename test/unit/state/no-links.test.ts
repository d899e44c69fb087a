import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { link } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { BusyError } from '../../../src/state/errors.ts';
import { openStore } from '../../../src/state/open.ts';
import { storeUrl } from '../../../src/state/url.ts';

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return { ...real, link: vi.fn(real.link) };
});

const schema = z.strictObject({ filling: z.string() });
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'haup-no-links-test-'));
});
afterEach(() => {
  vi.mocked(link).mockRestore();
  rmSync(home, { recursive: true, force: true });
});

/** All that a cluster's life asks of a store. */
async function useOf(folder: string): Promise<void> {
  const store = openStore(storeUrl(folder), schema);
  const lock = await store.lock('demo', { doing: 'haup create' });
  await expect(store.lock('demo', { doing: 'x' })).rejects.toThrow(BusyError);
  expect(await store.holder('demo')).toMatchObject({ pid: process.pid, doing: 'haup create' });
  await store.create('demo', { filling: 'a' }, { key: 'K' });
  const secrets = store.secrets('demo');
  const firsts = await Promise.all(['one', 'two', 'three'].map((text) => secrets.putIfAbsent('other', text)));
  expect(new Set([...firsts, await secrets.get('other')]).size).toBe(1);
  const saves = await Promise.allSettled(
    ['b', 'c', 'd'].map((filling) => store.save('demo', { filling }, 1)),
  );
  expect(saves.filter((save) => save.status === 'fulfilled')).toHaveLength(1);
  await lock.release();
  await (await store.lock('demo', { doing: 'again' })).release();
  expect(readdirSync(join(folder, 'clusters', 'demo', 'secrets')).sort()).toEqual(['key', 'other']);
  await store.remove('demo');
  expect(readdirSync(join(folder, 'clusters'))).toEqual([]);
}

describe('a store on a file system without hard links', () => {
  it.each(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])('works where it says %s', async (code) => {
    vi.mocked(link).mockImplementation(async () => {
      throw Object.assign(new Error(`${code}: no links here, link`), { code, syscall: 'link', errno: -1 });
    });
    await useOf(home);
    expect(link).toHaveBeenCalled();
  });

  it('waits for the text of a lock that appeared without it, and gives up on one that stays empty', async () => {
    const store = openStore(storeUrl(home), schema);
    await store.create('demo', { filling: 'a' });
    writeFileSync(join(home, 'clusters', '.demo.lock'), '');
    const error = await store.lock('demo', { doing: 'x' }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BusyError);
    expect((error as BusyError).holder).toBeNull();
  });

  const programs = ['mkfs.exfat', 'mount.exfat-fuse', 'losetup'];
  const canMake =
    process.getuid?.() === 0 &&
    programs.every((program) => !spawnSync(program, ['-V']).error) &&
    existsSync('/dev/fuse');
  // The package exfat-fuse, and exfatprogs.
  it.skipIf(!canMake)('works on a real one, exFAT', async () => {
    const [disk, image] = [join(home, 'disk'), join(home, 'image')];
    mkdirSync(disk);
    writeFileSync(image, '');
    truncateSync(image, 32 << 20);
    execFileSync('mkfs.exfat', [image], { stdio: 'ignore' });
    const device = execFileSync('losetup', ['--find', '--show', image], { encoding: 'utf8' }).trim();
    try {
      execFileSync('mount.exfat-fuse', ['-o', 'umask=077', device, disk], { stdio: 'ignore' });
      try {
        await useOf(disk);
      } finally {
        execFileSync('umount', [disk]);
      }
    } finally {
      execFileSync('losetup', ['--detach', device]);
    }
  });
});
