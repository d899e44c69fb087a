import { expect, test, vi } from 'vitest';
import { changeRelease } from '../../../../../src/cluster/world/steps/change-release.ts';
import { provision } from '../../../../../src/cluster/world/steps/provision.ts';
import { converged, specOf } from '../../../../support/clusters.ts';

const did: string[] = [];
vi.mock('../../../../../src/replicas/provision/provision.ts', () => ({
  provision: async () => void did.push('provision'),
}));
vi.mock('../../../../../src/replicas/provision/change.ts', () => ({
  switchRelease: async () => void did.push('change'),
}));
vi.mock('../../../../../src/cluster/world/config/replica-config.ts', () => ({
  replicaConfig: async () => ({}),
}));
vi.mock('../../../../../src/cluster/world/config/federation.ts', () => ({
  federationParts: async () => null,
}));
vi.mock('../../../../../src/cluster/world/machines/boot-host-key.ts', () => ({
  forgetBootHostKey: async () => {},
}));

const spec = specOf(['m0']);
const tools = {
  memory: { spec, revision: 7 },
  provider: { capabilities: {} },
  seen: () => converged(spec),
  session: async () => ({ run: async () => void did.push('note') }),
  sealed: async () => void did.push('seal'),
};

test('a machine that is provisioned or changed notes the store that it was changed by last, which is sealed by then', async () => {
  await provision(
    tools as unknown as Parameters<typeof provision>[0],
    { kind: 'provision', replica: 'm0' },
    () => {},
    async () => {},
  );
  await changeRelease(
    tools as unknown as Parameters<typeof changeRelease>[0],
    { kind: 'change-release', replica: 'm0', change: 'c1', cost: 'etcd' },
    () => {},
    async () => {},
  );
  expect(did).toEqual(['provision', 'seal', 'note', 'change', 'seal', 'note']);
});
