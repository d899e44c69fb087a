import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { nothingSeen } from '../../../../src/cluster/model/guard.ts';
import {
  ClusterMemory,
  type ClusterState,
  clusterStateSchema,
  noHistory,
} from '../../../../src/cluster/world/memory.ts';
import { openStore } from '../../../../src/state/open.ts';
import { storeUrl } from '../../../../src/state/url.ts';
import { specOf } from '../../../support/clusters.ts';

const pins = { m0: { current: 'ssh-ed25519 AAAA', seen: true, own: true } };

/** A store on disk with the cluster `demo`; `write` replaces what its document holds. */
async function newStore() {
  const home = mkdtempSync(join(tmpdir(), 'haup-memory-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const store = openStore(storeUrl(home), clusterStateSchema);
  await store.create('demo', { spec: specOf(['m0']), history: noHistory, pins });
  const path = join(home, 'clusters', 'demo', 'cluster.json');
  const read = (): { value: unknown } => JSON.parse(readFileSync(path, 'utf8'));
  const write = (value: unknown) => writeFileSync(path, JSON.stringify({ ...read(), value }));
  return { store, read, write };
}

test('a store whose history still stood in the spec is read, and is written in the form of now', async () => {
  const { store, read, write } = await newStore();
  write({ spec: { ...specOf(['m0']), bootstrapped: true, attempts: { m0: 2 } }, pins });
  const stored = (await store.read('demo'))!;
  expect(stored.value).toEqual({
    spec: specOf(['m0']),
    history: { bootstrapped: true, attempts: { m0: 2 } },
    pins,
  });

  const memory = new ClusterMemory(store, stored.value, stored.revision);
  await memory.rememberAttempt('m0');
  expect(read().value).toEqual({
    spec: specOf(['m0']),
    history: { bootstrapped: true, attempts: { m0: 3 } },
    pins,
  });
});

test.each([
  ['a spec that knows what it should not', { spec: { ...specOf(['m0']), bootstrapped: true }, pins }],
  ['no history at all', { spec: specOf(['m0']), pins }],
  [
    'two histories',
    { spec: { ...specOf(['m0']), bootstrapped: true, attempts: {} }, history: noHistory, pins },
  ],
])('%s is refused, not guessed', async (_, value) => {
  const { store, write } = await newStore();
  write(value);
  await expect(store.read('demo')).rejects.toMatchObject({ name: 'StoreError' });
});

test('what is remembered at once is remembered whole, and leaves the spec alone', async () => {
  const saved: ClusterState[] = [];
  const store = {
    create: async () => 1,
    save: async (_: string, state: ClusterState, revision: number) => {
      saved.push(state);
      return revision + 1;
    },
  };
  const spec = specOf(['m0']);
  const memory = new ClusterMemory(store, { spec, history: noHistory, pins: {} }, 1);
  await Promise.all([memory.rememberBootstrap(), memory.rememberAttempt('m1'), memory.rememberAttempt('m1')]);
  expect([memory.bootstrapped, memory.attempts('m1'), memory.attempts('m0')]).toEqual([true, 2, 0]);
  expect(saved.at(-1)).toEqual({ spec, history: { bootstrapped: true, attempts: { m1: 2 } }, pins: {} });
});

test('what a guard of an older haup has noted is read, with what it did not know yet', async () => {
  const { store, write } = await newStore();
  const guard = { deadSince: {}, unfinishedSince: null, deeds: [] };
  write({ spec: specOf(['m0']), history: noHistory, pins, guard });
  // In the same order as well: they are compared as texts.
  expect(JSON.stringify((await store.read('demo'))!.value.guard)).toBe(JSON.stringify(nothingSeen));
});

test('a drill is remembered until it has ended, and nothing is left of it in the store then', async () => {
  const { store } = await newStore();
  const spec = specOf(['m0']);
  const memory = new ClusterMemory(store, { spec, history: noHistory, pins }, 1);
  const wound = { blow: 'freeze', machine: 'm0' } as const;
  await memory.rememberDrill(() => ({ namespace: 'haup-drill-1', wounds: [wound] }));
  expect((await store.read('demo'))!.value.drill).toEqual({ namespace: 'haup-drill-1', wounds: [wound] });
  await memory.rememberDrill((drill) => drill && { ...drill, wounds: [] });
  expect(memory.drill).toEqual({ namespace: 'haup-drill-1', wounds: [] });
  await memory.rememberDrill(() => undefined);
  expect((await store.read('demo'))!.value).toEqual({ spec, history: noHistory, pins });
});
