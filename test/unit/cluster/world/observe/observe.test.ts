import { beforeEach, expect, test, vi } from 'vitest';
import { openObserver } from '../../../../../src/cluster/world/observe/observe.ts';
import type { ApiAnswer, ApiClient, ApiRequest } from '../../../../../src/kubernetes/client.ts';
import { specOf } from '../../../../support/clusters.ts';

const asked: string[] = [];
vi.mock('../../../../../src/cluster/world/api.ts', () => ({ apiAt: async () => ({}) }));
vi.mock('../../../../../src/cluster/world/observe/wanted.ts', () => ({ wantedRevisions: async () => ({}) }));
vi.mock('../../../../../src/kubernetes/client.ts', () => ({
  callApi: async (_: ApiClient, { path }: ApiRequest): Promise<ApiAnswer> => {
    asked.push(path.split('?')[0]!);
    const items = path.startsWith('/api/v1/nodes')
      ? [{ metadata: { name: 'demo-node-a' }, spec: {}, status: {} }]
      : [];
    return { status: 200, text: JSON.stringify({ metadata: {}, items }) };
  },
}));
beforeEach(() => {
  asked.length = 0;
});

/** A look at a cluster of which no machine is left, and the address is held. */
function look(...usedNames: string[]) {
  const address = { ip: '198.18.0.10', holder: { kind: 'machine', name: 'demo-master' } };
  const parts = {
    memory: { spec: specOf(['demo-master'], { usedNames }), bootstrapped: true, revision: 1 },
    provider: {
      network: { ready: async () => true },
      address: { read: async () => address },
      balancer: { read: async () => null },
      machines: { list: async () => [] },
    },
    etcdClients: async () => () => ({}),
    signal: new AbortController().signal,
    emit: () => {},
  } as unknown as Parameters<typeof openObserver>[0];
  return openObserver(parts).observe();
}

test('the last node is seen in the API as long as that has it, with the pods that it has to let go', async () => {
  const { nodes } = await look('demo-master', 'demo-node-a');
  expect(nodes.objects).toMatchObject([{ name: 'demo-node-a', podsToMove: 0 }]);
  expect(asked).toContain('/api/v1/pods');
});

test('where there never was a node there is none, which takes no request', async () => {
  const { nodes } = await look('demo-master');
  expect(nodes.objects).toEqual([]);
  expect(asked).not.toContain('/api/v1/nodes');
});
