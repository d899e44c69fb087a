import { beforeEach, expect, test, vi } from 'vitest';
import { restoreEtcd } from '../../../../../src/cluster/world/steps/restore-etcd.ts';
import { converged, specOf } from '../../../../support/clusters.ts';
import { specMemory } from '../../../../support/spec-memory.ts';

const did: string[] = [];
vi.mock('../../../../../src/replicas/backup/restore.ts', () => ({
  restoreEtcd: async (_: unknown, { backup }: { backup: string }) => void did.push(`restore ${backup}`),
}));
vi.mock('../../../../../src/replicas/lifecycle/lifecycle.ts', () => ({
  bootstrapEtcd: async () => void did.push('start'),
}));
beforeEach(() => {
  did.length = 0;
});

test('who restores a backup forgets the wish for that, and has it sealed so: the next backup is of a cluster that lives', async () => {
  const memory = specMemory(
    specOf(['m3'], {
      usedNames: ['m0', 'm3'],
      rescue: { survivor: 'm3', fenced: ['m0'], heard: null },
    }),
  );
  const tools = {
    memory,
    session: async () => ({}),
    seen: () => converged(specOf(['m3'])),
    etcd: async () => ({ memberList: async () => [{ name: 'm3' }] }),
    sealed: async () =>
      void did.push(`seal ${memory.spec.rescue ? 'the wish' : memory.spec.givenUp?.join()}`),
  } as unknown as Parameters<typeof restoreEtcd>[0];
  const step = { kind: 'restore-etcd', replica: 'm3', backup: 'b7' } as const;
  await restoreEtcd(
    tools,
    step,
    () => {},
    async () => {},
  );
  expect(did).toEqual(['restore b7', 'start', 'seal m0']);
});
