import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { StoreError } from '../../../src/state/errors.ts';
import { openStore } from '../../../src/state/open.ts';
import type { Store } from '../../../src/state/store.ts';
import { storeUrl } from '../../../src/state/url.ts';

const schema = z.strictObject({ filling: z.string() });

describe.skipIf(process.getuid?.() !== 0)('on a full disk', () => {
  let disk: string;
  let store: Store<z.infer<typeof schema>>;
  beforeEach(async () => {
    disk = mkdtempSync(join(tmpdir(), 'haup-full-disk-test-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'haup-full-disk-test', disk]);
    store = openStore(storeUrl(disk), schema);
    await store.create('demo', { filling: 'small' }, { key: 'K' });
  });
  afterEach(() => {
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  });

  function fill(): void {
    const file = openSync(join(disk, 'ballast'), 'w');
    try {
      for (;;) writeSync(file, Buffer.alloc(4096));
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
    } finally {
      closeSync(file);
    }
  }
  async function refusal(promise: Promise<unknown>): Promise<StoreError> {
    const error = await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(StoreError);
    return error as StoreError;
  }
  const everything = (): string[] => readdirSync(disk, { recursive: true }).map(String).sort();

  it('every write says so, nothing stored is lost, nothing is left over', async () => {
    fill();
    const before = everything();
    const refusals = [
      await refusal(store.save('demo', { filling: 'x'.repeat(8000) }, 1)),
      await refusal(store.secrets('demo').put('key', 'x'.repeat(8000))),
      await refusal(store.secrets('demo').putIfAbsent('other', 'x'.repeat(8000))),
      await refusal(store.create('other', { filling: 'x' }, { key: 'K' })),
      await refusal(store.lock('demo', { doing: 'x' })),
    ];
    expect(refusals.map((error) => error.kind)).toEqual(['disk', 'disk', 'disk', 'disk', 'disk']);
    expect(refusals[0]!.message).toContain('no space left on device');
    expect(refusals[0]!.advice).toContain('make room');
    expect(everything()).toEqual(before);
    expect(await store.read('demo')).toEqual({ value: { filling: 'small' }, revision: 1 });
    expect(await store.secrets('demo').get('key')).toBe('K');
  });

  it('a save that runs out in the middle of its text leaves the old text', async () => {
    expect((await refusal(store.save('demo', { filling: 'x'.repeat(400_000) }, 1))).kind).toBe('disk');
    expect(await store.read('demo')).toEqual({ value: { filling: 'small' }, revision: 1 });
    expect(await store.save('demo', { filling: 'fits' }, 1)).toBe(2);
  });

  it('a disk that has become read-only is named as such', async () => {
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    const error = await refusal(store.save('demo', { filling: 'x' }, 1));
    expect([error.kind, error.message]).toEqual(['disk', expect.stringContaining('read-only')]);
    expect(await store.read('demo')).toEqual({ value: { filling: 'small' }, revision: 1 });
    const fresh = await refusal(openStore(storeUrl(`${disk}/a/b`), schema).lock('demo', { doing: 'x' }));
    expect([fresh.kind, fresh.message]).toEqual(['disk', expect.stringContaining('read-only')]);
  });

  it('a cluster can still be removed', async () => {
    fill();
    await store.remove('demo');
    expect(await store.list()).toEqual([]);
  });
});
