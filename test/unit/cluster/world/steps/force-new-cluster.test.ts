import { expect, test, vi } from 'vitest';
import { forceNewCluster } from '../../../../../src/cluster/world/steps/force-new-cluster.ts';
import { specOf } from '../../../../support/clusters.ts';
import { specMemory } from '../../../../support/spec-memory.ts';

const did: string[] = [];
vi.mock('../../../../../src/replicas/lifecycle/rescue.ts', () => ({
  forceNewCluster: async () => void did.push('force'),
}));

test('who makes a survivor a cluster of one forgets the wish for that, and has it sealed so', async () => {
  const memory = specMemory(
    specOf(['m0', 'm3'], {
      usedNames: ['m0', 'm1', 'm3'],
      rescue: { survivor: 'm0', fenced: ['m1'], heard: null },
    }),
  );
  const tools = {
    memory,
    session: async () => ({}),
    etcd: async () => ({ memberList: async () => [{ name: 'm0' }] }),
    sealed: async () =>
      void did.push(`seal ${memory.spec.rescue ? 'the wish' : memory.spec.givenUp?.join()}`),
  } as unknown as Parameters<typeof forceNewCluster>[0];
  const step = { kind: 'force-new-cluster', replica: 'm0' } as const;
  await forceNewCluster(
    tools,
    step,
    () => {},
    async () => {},
  );
  expect(did).toEqual(['force', 'seal m1']);
});
