import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLUSTER_NAME } from '../../../src/cluster/model/names.ts';
import { clusterStateSchema } from '../../../src/cluster/world/memory.ts';
import { readDocument, writeDocument } from '../../../src/state/document.ts';
import { openStore } from '../../../src/state/open.ts';
import { storeUrl } from '../../../src/state/url.ts';
import { specOf } from '../../support/clusters.ts';

const RUNS = Number(process.env.HAUP_FUZZ_RUNS ?? 400);

const name = fc.stringMatching(CLUSTER_NAME);
const stateOf = (cluster: string) => ({
  spec: specOf([`${cluster}-master@local-a`, `${cluster}-master-abc@local-b`], { name: cluster }),
  history: { bootstrapped: true, attempts: { [`${cluster}-master`]: 1 } },
  pins: { [`${cluster}-master`]: { current: 'SHA256:abc', seen: true } },
});
const damage = fc.record({
  at: fc.nat(),
  remove: fc.oneof(fc.constant(0), fc.nat(40), fc.constant(Number.MAX_SAFE_INTEGER)),
  put: fc.uint8Array({ maxLength: 6 }),
});
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged(whole: Buffer, { at, remove, put }: Damage): Buffer {
  const from = at % (whole.length + 1);
  return Buffer.concat([whole.subarray(0, from), put, whole.subarray(Math.min(from + remove, whole.length))]);
}

/** What a document must end in, whatever was done to it: a cluster's state, or one line that says what is wrong. */
function endOf(cluster: string, text: string): 'read' | 'refused' {
  try {
    clusterStateSchema.parse(readDocument(cluster, '/store/x', text, clusterStateSchema).value);
    return 'read';
  } catch (error) {
    const { name: kind, message, advice, stack } = error as Error & { advice: string };
    expect(kind, stack).toBe('StoreError');
    expect(message).toContain('/store/x');
    expect(`${message}${advice}`).not.toMatch(/[\n\r]|\[object/);
    expect(advice.length).toBeGreaterThan(10);
    return 'refused';
  }
}

describe('a document of the store', () => {
  it('that is cut anywhere is refused in one line; whole, it is what was written', () => {
    fc.assert(
      fc.property(name, fc.nat(), (cluster, at) => {
        const state = stateOf(cluster);
        const text = writeDocument(cluster, { value: state, revision: 7 }, clusterStateSchema);
        expect(readDocument(cluster, '/store/x', text, clusterStateSchema)).toEqual({
          value: state,
          revision: 7,
        });
        expect(endOf(cluster, text.slice(0, at % (text.length - 1)))).toBe('refused');
      }),
      { seed: 8, numRuns: 5 * RUNS },
    );
  });

  it('that is damaged anywhere is a state or is refused in one line', () => {
    fc.assert(
      fc.property(name, fc.array(damage, { minLength: 1, maxLength: 3 }), (cluster, all) => {
        const whole = Buffer.from(
          writeDocument(cluster, { value: stateOf(cluster), revision: 7 }, clusterStateSchema),
        );
        endOf(cluster, all.reduce(damaged, whole).toString('utf8'));
      }),
      { seed: 8, numRuns: 10 * RUNS },
    );
  });

  it('is any JSON, and is refused in one line unless it is haup’s', () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), (text, value) => {
        expect(endOf('demo', text)).toBe('refused');
        const envelope = { format: 'haup-cluster', schemaVersion: 1, cluster: 'demo', revision: 1 };
        expect(endOf('demo', JSON.stringify({ ...envelope, value: JSON.parse(value) }))).toBe('refused');
      }),
      { seed: 8, numRuns: 5 * RUNS },
    );
  });

  it('that is damaged on its disk is lost to nobody: nothing writes over it', async () => {
    const home = mkdtempSync(join(tmpdir(), 'haup-fuzz-store-'));
    try {
      const store = openStore(storeUrl(home), clusterStateSchema);
      const state = stateOf('demo');
      await store.create('demo', state, { key: 'K' });
      const path = join(home, 'clusters', 'demo', 'cluster.json');
      const whole = readFileSync(path);
      await fc.assert(
        fc.asyncProperty(damage, async (one) => {
          const bytes = damaged(whole, one);
          writeFileSync(path, bytes);
          const read = await store.read('demo').catch((error: Error) => error);
          if (!(read instanceof Error)) return;
          expect(read.name).toBe('StoreError');
          for (const use of [
            () => store.save('demo', state, 1),
            () => store.create('demo', state, { key: 'new' }),
          ])
            await expect(use()).rejects.toMatchObject({ name: 'StoreError' });
          expect(await store.list()).toEqual(['demo']);
          expect(readFileSync(path).equals(bytes)).toBe(true);
          expect(await store.secrets('demo').get('key')).toBe('K');
        }),
        { seed: 8, numRuns: Math.ceil(RUNS / 4) },
      );
    } finally {
      rmSync(home, { recursive: true });
    }
  });
});
