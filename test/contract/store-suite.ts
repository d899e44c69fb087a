import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BusyError } from '../../src/state/errors.ts';
import { openStore } from '../../src/state/open.ts';
import type { Store } from '../../src/state/store.ts';
import { whole } from '../support/whole.ts';

/** Of the lock. */
const HAND_OVERS = whole ? 1000 : 16;

const schema = z.strictObject({ replicas: z.number().int() });
type Value = z.infer<typeof schema>;

/** Where the suite's stores are. */
export interface StorePlace {
  /** A store's address that nobody else uses. */
  url(name: string): string;
  /** The bytes of everything that is stored there. */
  everything(): Promise<string>;
  close(): Promise<void>;
}

/** What every store does, whatever it is made of. */
export function storeSuite(kind: string, start: () => Promise<StorePlace>): void {
  describe(`a store in ${kind}`, () => {
    let place: StorePlace;
    let stores = 0;
    beforeAll(async () => {
      place = await start();
    }, 900_000);
    afterAll(() => place?.close());
    const open = (url: string): Store<Value> => openStore(url, schema);
    const fresh = (): string => place.url(`suite-${++stores}`);

    it('gives back what was created and saved, with its revision, until it is removed', async () => {
      const store = open(fresh());
      expect(await store.list()).toEqual([]);
      expect(await store.read('demo')).toBeNull();
      expect(await store.create('demo', { replicas: 1 })).toBe(1);
      expect(await store.save('demo', { replicas: 3 }, 1)).toBe(2);
      expect(await store.read('demo')).toEqual({ value: { replicas: 3 }, revision: 2 });
      await store.create('a', { replicas: 1 });
      expect(await store.list()).toEqual(['a', 'demo']);
      await store.remove('demo');
      await store.remove('demo');
      expect(await store.read('demo')).toBeNull();
      expect(await store.list()).toEqual(['a']);
    });

    it('refuses to create what exists, to save what is not there, and names that are none', async () => {
      const store = open(fresh());
      await store.create('demo', { replicas: 1 }, { key: 'old' });
      await expect(store.create('demo', { replicas: 9 }, { key: 'new' })).rejects.toMatchObject({
        kind: 'exists',
      });
      expect(await store.secrets('demo').get('key')).toBe('old');
      await expect(store.save('other', { replicas: 1 }, 1)).rejects.toMatchObject({ kind: 'missing' });
      await expect(store.secrets('other').put('key', 'K')).rejects.toMatchObject({ kind: 'missing' });
      await expect(store.read('../demo')).rejects.toMatchObject({ kind: 'invalid' });
      await expect(store.secrets('demo').get('../x')).rejects.toMatchObject({ kind: 'invalid' });
    });

    it('lets exactly one of eight who create, and of eight who save one revision, win', async () => {
      const url = fresh();
      const writers = Array.from({ length: 8 }, () => open(url));
      const made = await Promise.allSettled(
        writers.map((store, replicas) => store.create('demo', { replicas })),
      );
      expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const saved = await Promise.allSettled(
        writers.map((store, replicas) => store.save('demo', { replicas }, 1)),
      );
      const winners = saved.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
      expect(winners).toHaveLength(1);
      for (const save of saved)
        if (save.status === 'rejected') expect(save.reason).toMatchObject({ kind: 'conflict' });
      expect(await writers[0]!.read('demo')).toEqual({ value: { replicas: winners[0] }, revision: 2 });
    });

    it('keeps secrets: the first of eight stays, put replaces, and saves leave them alone', async () => {
      const url = fresh();
      const store = open(url);
      await store.create('demo', { replicas: 1 }, { ssh: 'S' });
      const secrets = store.secrets('demo');
      expect(await secrets.get('key')).toBeNull();
      const first = await Promise.all(
        Array.from({ length: 8 }, (_, n) => open(url).secrets('demo').putIfAbsent('key', `k${n}`)),
      );
      expect(new Set(first).size).toBe(1);
      await secrets.put('key', 'three');
      await store.save('demo', { replicas: 2 }, 1);
      expect([await secrets.get('key'), await secrets.get('ssh')]).toEqual(['three', 'S']);
      await secrets.remove('key');
      await secrets.remove('key');
      expect(await secrets.get('key')).toBeNull();
    });

    it('has one lock a cluster: who comes second hears who, since when and doing what', async () => {
      const url = fresh();
      const [one, other] = [open(url), open(url)];
      expect(await one.holder('demo')).toBeNull();
      const lock = await one.lock('demo', { doing: 'haup create' });
      const error = await other.lock('demo', { doing: 'haup repair' }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(BusyError);
      expect((error as BusyError).holder).toMatchObject({ doing: 'haup create', pid: process.pid });
      expect(await other.holder('demo')).toMatchObject({ doing: 'haup create' });
      const elsewhere = await other.lock('demo-2', { doing: 'haup create' });
      await elsewhere.release();
      await lock.release();
      await lock.release();
      expect(await one.holder('demo')).toBeNull();
      const taken = await Promise.allSettled(
        Array.from({ length: 8 }, () => open(url).lock('demo', { doing: 'haup repair' })),
      );
      const won = taken.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      expect(won).toHaveLength(1);
      await won[0]!.release();
    });

    it(`hands its lock over ${HAND_OVERS} times among eight, one at a time, and no change is lost`, async () => {
      const url = fresh();
      await open(url).create('demo', { replicas: 0 });
      let [inside, handedOver] = [0, 0];
      const writer = async (store: Store<Value>): Promise<void> => {
        while (handedOver < HAND_OVERS) {
          const lock = await store.lock('demo', { doing: 'haup repair' }).catch((error: unknown) => {
            if (error instanceof BusyError) return null;
            throw error;
          });
          if (!lock) {
            await new Promise((resolve) => setTimeout(resolve, 20));
            continue;
          }
          expect(++inside).toBe(1);
          handedOver++;
          const { value, revision } = (await store.read('demo'))!;
          await store.save('demo', { replicas: value.replicas + 1 }, revision);
          inside--;
          await lock.release();
        }
      };
      await Promise.all(Array.from({ length: 8 }, () => writer(open(url))));
      expect(handedOver).toBeGreaterThanOrEqual(HAND_OVERS);
      expect(await open(url).read('demo')).toEqual({
        value: { replicas: handedOver },
        revision: handedOver + 1,
      });
    });
  });
}
