import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateIdentity } from 'age-encryption';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { LEASE_MS, RENEWAL_MS } from '../../../../src/state/bucket/lease.ts';
import { type Seal, sealOf } from '../../../../src/state/bucket/seal.ts';
import { bucketStore } from '../../../../src/state/bucket/store.ts';
import type { Store } from '../../../../src/state/store.ts';
import { standingClock } from '../../../support/lease-clock.ts';
import { type MemoryBucket, type Mishap, memoryBucket } from '../../../support/memory-objects.ts';

const schema = z.strictObject({ replicas: z.number().int() });
type Value = z.infer<typeof schema>;
const open = (bucket: MemoryBucket, seal: Seal | null = null, clock = standingClock()): Store<Value> =>
  bucketStore('s3://haup', bucket, schema, seal, clock);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'haup-seal-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function keyFile(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

describe('a store in a bucket', () => {
  it('keeps a cluster as one object, beside its lock, and nothing of one that is gone', async () => {
    const bucket = memoryBucket();
    const store = open(bucket);
    const lock = await store.lock('demo', { doing: 'haup create' });
    await store.create('demo', { replicas: 1 }, { key: 'K' });
    expect([...bucket.texts.keys()].sort()).toEqual(['demo.json', 'locks/demo.json']);
    expect(await store.list()).toEqual(['demo']);
    await store.remove('demo');
    await lock.release();
    expect([...bucket.texts]).toEqual([]);
  });

  it('lets a holder that was overtaken save no more, even where its next one has saved nothing yet', async () => {
    const bucket = memoryBucket();
    const clock = standingClock();
    const [slept, next] = [open(bucket, null, clock), open(bucket)];
    await slept.create('demo', { replicas: 1 });
    await slept.lock('demo', { doing: 'haup add-replica' });
    bucket.pass(LEASE_MS);
    await next.lock('demo', { doing: 'haup repair' });
    await expect(slept.save('demo', { replicas: 2 }, 1)).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringMatching(/taken the lock of cluster demo over/),
    });
    await clock.pass(RENEWAL_MS); // now it knows
    await expect(slept.remove('demo')).rejects.toMatchObject({ kind: 'conflict' });
    await expect(slept.secrets('demo').put('key', 'K')).rejects.toMatchObject({ kind: 'conflict' });
    expect(await next.save('demo', { replicas: 3 }, 1)).toBe(2);
    expect(await next.read('demo')).toEqual({ value: { replicas: 3 }, revision: 2 });
  });

  it('is locked again after its lock was removed by hand, and whoever had that saves no more', async () => {
    const bucket = memoryBucket();
    const [first, next] = [open(bucket), open(bucket)];
    await first.create('demo', { replicas: 1 });
    for (let n = 0; n < 3; n++) await (await first.lock('demo', { doing: 'haup repair' })).release();
    await first.lock('demo', { doing: 'haup repair' });
    await bucket.remove('locks/demo.json');
    const lock = await next.lock('demo', { doing: 'haup repair' });
    await expect(first.save('demo', { replicas: 2 }, 1)).rejects.toMatchObject({ kind: 'conflict' });
    expect(await next.save('demo', { replicas: 3 }, 1)).toBe(2);
    await lock.release();
  });

  it('says what is in the way of reading it', async () => {
    const bucket = memoryBucket();
    const store = open(bucket);
    await bucket.put('a.json', 'x', null);
    await bucket.put('b.json', '{"a":1}', null);
    await bucket.put('c.json', '{"format":"haup-cluster-object","schemaVersion":9}', null);
    await bucket.put('d.json', '{"format":"haup-cluster-object","schemaVersion":1}', null);
    const kinds = ['a', 'b', 'c', 'd'].map((name) => store.read(name).catch((error) => error.kind));
    expect(await Promise.all(kinds)).toEqual(['corrupt', 'foreign', 'newer', 'corrupt']);
  });

  it.each([
    ['an age identity', async () => `# made by age-keygen\n${await generateIdentity()}\n`],
    ['a passphrase', async () => 'correct horse battery staple\n'],
  ])(
    'seals secrets with %s before they leave the machine',
    async (_, key) => {
      const bucket = memoryBucket();
      const seal = sealOf(keyFile('key', await key()));
      const store = open(bucket, seal);
      await store.create('demo', { replicas: 1 }, { authorities: 'AUTHORITY-KEY' });
      await store.secrets('demo').put('ssh', 'SSH-KEY');
      expect([...bucket.texts.values()].join('')).not.toMatch(/AUTHORITY-KEY|SSH-KEY/);
      const again = open(bucket, sealOf(join(folder, 'key')));
      expect(await again.secrets('demo').get('authorities')).toBe('AUTHORITY-KEY');
      expect(await again.secrets('demo').get('ssh')).toBe('SSH-KEY');
    },
    300_000,
  ); // a passphrase is slow to try, on purpose

  it('opens secrets for the right key alone, and says which file it asked', async () => {
    const bucket = memoryBucket();
    const store = open(bucket, sealOf(keyFile('right', `${await generateIdentity()}\n`)));
    await store.create('demo', { replicas: 1 }, { key: 'K' });
    const other = open(bucket, sealOf(keyFile('other', `${await generateIdentity()}\n`)));
    const path = join(folder, 'other');
    await expect(other.secrets('demo').get('key')).rejects.toMatchObject({
      kind: 'sealed',
      message: new RegExp(path),
    });
    await expect(open(bucket).secrets('demo').get('key')).rejects.toMatchObject({ kind: 'sealed' });
    expect(await other.read('demo')).toEqual({ value: { replicas: 1 }, revision: 1 });
    const none = open(bucket, sealOf(join(folder, 'none')));
    await expect(none.secrets('demo').get('key')).rejects.toMatchObject({ kind: 'invalid' });
    const short = open(bucket, sealOf(keyFile('short', 'secret\n')));
    await expect(short.secrets('demo').get('key')).rejects.toThrow(/shorter than 12/);
  });

  it.each([0o604, 0o640, 0o666])('takes no key from a file that others can read (mode %i)', async (mode) => {
    const path = keyFile('open', 'correct horse battery staple\n');
    chmodSync(path, mode);
    const store = open(memoryBucket(), sealOf(path));
    await expect(store.create('demo', { replicas: 1 }, { key: 'K' })).rejects.toMatchObject({
      name: 'ExposedKeyError',
      failure: 'input',
      message: expect.stringContaining(path),
    });
    chmodSync(path, 0o600);
  });

  it('takes a key from a pipe, and not more of it than a key has', async () => {
    const [pipe, endless] = [join(folder, 'pipe'), '/dev/zero'];
    execFileSync('mkfifo', ['-m', '666', pipe]);
    const writing = writeFile(pipe, `${await generateIdentity()}\n`);
    const bucket = memoryBucket();
    const store = open(bucket, sealOf(pipe));
    await Promise.all([writing, store.create('demo', { replicas: 1 }, { key: 'K' })]);
    expect(await store.secrets('demo').get('key')).toBe('K');
    await expect(open(bucket, sealOf(endless)).secrets('demo').get('key')).rejects.toMatchObject({
      kind: 'invalid',
    });
  });

  it('says of secrets that are sealed and are none that they are damaged', async () => {
    const bucket = memoryBucket();
    const seal = sealOf(keyFile('key', `${await generateIdentity()}\n`));
    const store = open(bucket, seal);
    await store.create('demo', { replicas: 1 }, { key: 'K' });
    for (const text of ['not JSON', '["K"]', '{"key":1}']) {
      const { version } = (await bucket.get('demo.json'))!;
      const record = JSON.parse(bucket.texts.get('demo.json')!);
      await bucket.put('demo.json', JSON.stringify({ ...record, secrets: await seal.close(text) }), version);
      await expect(store.secrets('demo').all()).rejects.toMatchObject({ kind: 'corrupt' });
    }
  });

  it('does not write for ever into a bucket that takes no write', async () => {
    const bucket = memoryBucket();
    await open(bucket).create('demo', { replicas: 1 });
    const stubborn = { ...bucket, put: async () => null };
    const store = bucketStore('s3://haup', stubborn, schema, null);
    await expect(store.save('demo', { replicas: 2 }, 1)).rejects.toMatchObject({ kind: 'unsupported' });
  });
});

it('with calls refused and replies lost, every save and secret that was promised is there, and none twice', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          who: fc.nat(7),
          what: fc.constantFrom('save', 'save', 'put', 'first'),
          fates: fc.array(fc.constantFrom<Mishap>('none', 'none', 'none', 'refused', 'reply lost'), {
            maxLength: 4,
          }),
        }),
        { minLength: 8, maxLength: 24 },
      ),
      async (acts) => {
        let fates: Mishap[] = [];
        const bucket = memoryBucket(
          () => fates.shift() ?? 'none',
          () => new Promise(setImmediate), // eight writers, their calls between each other's
        );
        const stores = Array.from({ length: 8 }, () => open(bucket));
        await stores[0]!.create('demo', { replicas: 0 });
        let promised = 0;
        const puts = new Map<string, string>();
        const firsts = new Set<string>();
        await Promise.all(
          acts.map(async ({ who, what, fates: mine }, index) => {
            fates = [...fates, ...mine];
            const store = stores[who]!;
            const secrets = store.secrets('demo');
            try {
              if (what === 'put') {
                await secrets.put(`s${index}`, `t${index}`);
                puts.set(`s${index}`, `t${index}`);
              } else if (what === 'first') {
                firsts.add(await secrets.putIfAbsent('first', `t${index}`));
              } else {
                const { value, revision } = (await store.read('demo'))!;
                await store.save('demo', { replicas: value.replicas + 1 }, revision);
                promised++;
              }
            } catch {
              // not promised
            }
          }),
        );
        fates = [];
        const { value, revision } = (await stores[0]!.read('demo'))!;
        expect(value.replicas).toBeGreaterThanOrEqual(promised);
        expect(revision).toBe(1 + value.replicas);
        for (const [name, text] of puts) expect(await stores[1]!.secrets('demo').get(name)).toBe(text);
        expect(firsts.size).toBeLessThanOrEqual(1);
      },
    ),
    { numRuns: 300, seed: 12 },
  );
});
