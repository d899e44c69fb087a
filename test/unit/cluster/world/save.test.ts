import { beforeEach, expect, test, vi } from 'vitest';
import type { ClusterSpec } from '../../../../src/cluster/model/spec.ts';
import { openWorld, type WorldParts } from '../../../../src/cluster/world/world.ts';
import { converged, specOf } from '../../../support/clusters.ts';

const did: string[] = [];
vi.mock('../../../../src/cluster/world/observe/observe.ts', () => ({
  openObserver: () => ({ last: () => converged(specOf(['m0'])) }),
}));
vi.mock('../../../../src/cluster/world/backup.ts', () => ({
  sealOnMachines: async () => {
    did.push('seals');
    await new Promise((resolve) => setImmediate(resolve));
    did.push('sealed');
  },
}));
vi.mock('../../../../src/cluster/world/machines/store-revision.ts', () => ({
  noteOnMachines: async () => void did.push('noted'),
}));
beforeEach(() => {
  did.length = 0;
});

function open() {
  const memory = { updateSpec: async () => void did.push('saved') };
  return openWorld({ memory, emit: () => {}, signal: new AbortController().signal } as unknown as WorldParts);
}

test('what is saved is sealed before machines note it: a store that is rebuilt from a backup is no older copy', async () => {
  await open().save(specOf(['m0']));
  expect(did).toEqual(['saved', 'seals', 'sealed', 'noted']);
});

test('what is being deleted is neither sealed nor noted', async () => {
  const spec: ClusterSpec = { ...specOf(['m0']), deleting: true };
  await open().save(spec);
  expect(did).toEqual(['saved']);
});

test('two do not seal side by side: they would write into the same files', async () => {
  const world = open();
  await Promise.all([world.sealed(), world.sealed(), world.sealed()]);
  expect(did).toEqual(['seals', 'sealed', 'seals', 'sealed']);
});
