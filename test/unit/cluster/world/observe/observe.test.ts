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
  return lookAt({ usedNames });
}

/** The same where a node's machine runs, whose sshd does as `session` says. */
function lookAt(spec: Parameters<typeof specOf>[1], session?: () => Promise<never>) {
  const node = { name: 'demo-node-a', role: 'node', zone: 'local-a', state: 'running', sshHost: '10.0.0.3' };
  const address = { ip: '198.18.0.10', holder: { kind: 'machine', name: 'demo-master' } };
  const parts = {
    memory: {
      spec: specOf(['demo-master'], spec),
      bootstrapped: true,
      revision: 1,
      pin: () => ({ own: true }),
    },
    sessions: { found: () => {}, session },
    provider: {
      network: { ready: async () => true, routes: { list: async () => [] } },
      address: { read: async () => address },
      balancer: { read: async () => null },
      machines: { list: async () => (session ? [node] : []) },
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

test.each([
  ['is to leave: whether it is dead, the API says after it was looked at', [], false],
  ['is to stay: the API is asked meanwhile', [{ name: 'demo-node-a', zone: 'local-a' }], true],
])('a node that does not answer, and %s', async (_, nodes, isAskedMeanwhile) => {
  let giveUp = (): void => {};
  const silent = new Promise<never>((_, reject) => {
    giveUp = () => reject(new Error('no answer'));
  });
  const began = vi.fn(() => silent);
  const looking = lookAt({ nodes, usedNames: ['demo-node-a'] }, began);
  await vi.waitFor(() => expect(began).toHaveBeenCalled());
  // As many turns as a request of this test's API takes, and more.
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  expect(asked.includes('/api/v1/nodes')).toBe(isAskedMeanwhile);
  giveUp();
  const seen = await looking;
  expect(seen.nodes.machines).toMatchObject([{ name: 'demo-node-a', inside: null, words: 'no answer' }]);
  expect(seen.nodes.objects).toMatchObject([{ name: 'demo-node-a' }]);
});
