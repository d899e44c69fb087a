import { beforeEach, expect, test, vi } from 'vitest';
import { makeOwnPods } from '../../../../src/drill/clients/own-pods.ts';
import { workloadAddress } from '../../../../src/drill/clients/workload.ts';
import type { ApiClient, ApiRequest } from '../../../../src/kubernetes/client.ts';

const api = {} as ApiClient;
let answer: (request: ApiRequest) => { readonly status: number; readonly body: object };
vi.mock('../../../../src/kubernetes/client.ts', async (original) => ({
  ...(await original<object>()),
  callApi: async (_: ApiClient, request: ApiRequest) => {
    const { status, body } = answer(request);
    return { status, text: JSON.stringify(body) };
  },
}));
vi.mock('../../../../src/util/clock.ts', async (original) => ({
  ...(await original<object>()),
  systemClock: (await import('../../../support/quick-clock.ts')).quickClock(),
}));

const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
const dns = { spec: { template: { spec: { containers: [{ image: 'registry.example/coredns:v1' }] } } } };
const listOf = (items: readonly object[]) => ({ metadata: {}, items });
const made = new Map<string, string>();
let looks: number;
beforeEach(() => {
  made.clear();
  looks = 0;
});

/** What a cluster says whose pods are first so, and then ready. */
function cluster(first: object, addressAfter = 0) {
  return ({ method, path, body }: ApiRequest) => {
    if (method === 'POST') {
      made.set(path, JSON.stringify(body));
      return { status: 201, body: {} };
    }
    if (path.endsWith('/kube-system/deployments/coredns')) return { status: 200, body: dns };
    if (path.includes('/haup-drill-1/pods?')) {
      looks += 1;
      const status = looks === 1 ? first : ready;
      return { status: 200, body: listOf(['a', 'b'].map((name) => ({ metadata: { name }, status }))) };
    }
    const ingress = looks > addressAfter ? [{ ip: '198.18.0.200' }] : undefined;
    return { status: 200, body: { status: { loadBalancer: { ingress } } } };
  };
}

test('are there when both are ready and their Service has an address', async () => {
  answer = cluster({ conditions: [{ type: 'PodScheduled', status: 'True' }] }, 3);
  expect(String(await makeOwnPods(api, 'haup-drill-1', ['n0', 'n1']))).toBe('http://198.18.0.200/health');
  const deployments = '/apis/apps/v1/namespaces/haup-drill-1/deployments';
  expect([...made.keys()].sort()).toEqual([
    '/api/v1/namespaces/haup-drill-1/configmaps',
    '/api/v1/namespaces/haup-drill-1/services',
    deployments,
  ]);
  expect(looks).toBe(4);
  // The image that nodes have, and nodes that haup routes pods to.
  expect(made.get(deployments)).toContain('"image":"registry.example/coredns:v1"');
  expect(made.get(deployments)).toContain('"values":["n0","n1"]');
});

test('say what the cluster refuses them for', async () => {
  const here = cluster({});
  answer = (request) => {
    if (request.path.includes('/haup-drill-1/pods?')) return { status: 200, body: listOf([]) };
    if (!request.path.endsWith('/deployments/pods')) return here(request);
    const conditions = [{ type: 'ReplicaFailure', message: 'exceeded quota: two' }];
    return { status: 200, body: { status: { conditions } } };
  };
  await expect(makeOwnPods(api, 'haup-drill-1', ['n0'])).rejects.toThrow(/exceeded quota: two/);
});

test.each([
  [
    { containerStatuses: [{ state: { waiting: { reason: 'ErrImagePull', message: 'no such host' } } }] },
    /a: ErrImagePull: no such host/,
  ],
  [
    { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/2 nodes are available' }] },
    /a: 0\/2 nodes are available/,
  ],
])('say why they do not come: %o', async (status, words) => {
  const here = cluster(status);
  answer = (request) => {
    looks = 0;
    return here(request);
  };
  await expect(workloadAddress(api, 'haup-drill-1', { onNodes: ['n0'] })).rejects.toMatchObject({
    name: 'StepError',
    message: expect.stringMatching(words),
    remedies: [{ setting: 'workload', example: 'none' }],
  });
});
