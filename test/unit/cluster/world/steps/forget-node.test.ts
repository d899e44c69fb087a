import { expect, test, vi } from 'vitest';
import { forgetNode } from '../../../../../src/cluster/world/steps/forget-node.ts';
import type { ApiAnswer, ApiClient, ApiRequest } from '../../../../../src/kubernetes/client.ts';
import type { MachineRole } from '../../../../../src/providers/provider.ts';

let did: string[];
vi.mock('../../../../../src/cluster/world/api.ts', () => ({ apiAt: async () => ({}) }));
vi.mock('../../../../../src/kubernetes/client.ts', () => ({
  callApi: async (_: ApiClient, { method, path }: ApiRequest): Promise<ApiAnswer> => {
    did.push(`${method} ${path}`);
    return { status: 200, text: '{}' };
  },
}));

/** Forgets demo-node-a where the cloud has these machines. */
async function forget(machines: readonly { readonly name: string; readonly role: MachineRole }[]) {
  did = [];
  const tools = {
    provider: {
      machines: {
        list: async () => machines,
        delete: async (name: string) => void did.push(`delete ${name}`),
      },
    },
    seen: () => ({ address: { ip: '198.18.0.10' } }),
  } as unknown as Parameters<typeof forgetNode>[0];
  const failed = await forgetNode(
    tools,
    { kind: 'forget-node', node: 'demo-node-a' },
    () => {},
    async () => {},
  ).then(() => null, String);
  return { did, failed };
}

test('what is left of a node goes: the routes to a machine that is gone, then the Node object', async () => {
  const others = [{ name: 'demo-master', role: 'master' }] as const;
  expect(await forget(others)).toEqual({
    did: ['delete demo-node-a', 'DELETE /api/v1/nodes/demo-node-a'],
    failed: null,
  });
});

test('a master of that name is never deleted, nor is the Node object', async () => {
  const { did, failed } = await forget([{ name: 'demo-node-a', role: 'master' }]);
  expect(did).toEqual([]);
  expect(failed).toContain('demo-node-a is a master');
});
