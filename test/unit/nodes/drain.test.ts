import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { ApiAnswer, ApiClient, ApiRequest } from '../../../src/kubernetes/client.ts';
import { drain, whatBlocks } from '../../../src/nodes/api/drain.ts';
import { listNodes } from '../../../src/nodes/api/nodes.ts';
import { createJoinToken } from '../../../src/nodes/api/token.ts';
import type { Clock } from '../../../src/util/clock.ts';
import { TimeoutError } from '../../../src/util/wait.ts';

const calls: ApiRequest[] = [];
let answer: (request: ApiRequest) => [number, unknown];
vi.mock('../../../src/kubernetes/client.ts', () => ({
  callApi: async (_: ApiClient, request: ApiRequest): Promise<ApiAnswer> => {
    calls.push(request);
    const [status, body] = answer(request);
    return { status, text: JSON.stringify(body) };
  },
}));

const api = {} as ApiClient;
let now: number;
const clock: Clock = {
  now: () => now,
  sleep: async (ms) => {
    now += ms;
  },
};

interface FakePod {
  name: string;
  owner?: string;
  mirror?: boolean;
  phase?: string;
  terminating?: boolean;
}

function podObject({ name, owner, mirror, phase = 'Running', terminating }: FakePod) {
  return {
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      ...(mirror ? { annotations: { 'kubernetes.io/config.mirror': 'x' } } : {}),
      ...(terminating ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
      ...(owner ? { ownerReferences: [{ kind: owner, controller: true }] } : {}),
    },
    status: { phase },
  };
}

/** A cluster whose pods leave as soon as they may. */
function serve(pods: FakePod[], refuse: (name: string) => string | null = () => null): void {
  answer = ({ method = 'GET', path, body }) => {
    const evicted = /pods\/([^/]+)\/eviction/.exec(path)?.[1];
    const deleted = method === 'DELETE' ? /pods\/([^/?]+)/.exec(path)?.[1] : undefined;
    const name = evicted ?? deleted;
    if (name === undefined) return [200, { metadata: {}, items: pods.map(podObject) }];
    const words = evicted ? refuse(name) : null;
    if (words !== null)
      return [
        429,
        {
          message: 'Cannot evict pod',
          details: { causes: [{ reason: 'DisruptionBudget', message: words }] },
        },
      ];
    expect(JSON.stringify(body)).toContain(`uid-${name}`);
    if (!path.includes('dryRun'))
      pods.splice(
        pods.findIndex((pod) => pod.name === name),
        1,
      );
    return [201, {}];
  };
}

beforeEach(() => {
  calls.length = 0;
  now = 0;
});

const BUDGET = 'The disruption budget shop-db needs 2 healthy pods and has 2 currently';
const options = { timeoutMs: 30_000, force: false, clock };
const asked = (what: RegExp) => calls.filter(({ method, path }) => what.test(`${method ?? 'GET'} ${path}`));

describe('a drain', () => {
  test('cordons first, evicts what somebody makes again, and leaves the rest', async () => {
    const pods = [
      { name: 'web', owner: 'ReplicaSet' },
      { name: 'agent', owner: 'DaemonSet' },
      { name: 'static', mirror: true },
      { name: 'done', phase: 'Succeeded' },
    ];
    serve(pods);
    await drain(async () => api, 'n1', options);
    expect(calls[0]).toMatchObject({
      method: 'PATCH',
      path: '/api/v1/nodes/n1',
      body: { spec: { unschedulable: true } },
    });
    expect(asked(/eviction/).map(({ path }) => path)).toEqual(['/api/v1/namespaces/shop/pods/web/eviction']);
    expect(pods.map(({ name }) => name)).toEqual(['agent', 'static', 'done']);
  });

  test('asks a budget again until it lets the pod go', async () => {
    let no = 3;
    serve([{ name: 'db-0', owner: 'StatefulSet' }], () => (no-- > 0 ? BUDGET : null));
    const progress: string[] = [];
    await drain(async () => api, 'n1', { ...options, progress: (message) => progress.push(message) });
    expect(asked(/eviction/)).toHaveLength(4);
    expect(progress[0]).toBe('n1: shop/db-0 waits for shop-db');
  });

  test('that cannot end says which pod, and whose budget', async () => {
    serve([{ name: 'db-0', owner: 'StatefulSet' }], () => BUDGET);
    await expect(drain(async () => api, 'n1', options)).rejects.toMatchObject({
      name: 'DrainError',
      message: `n1 could not be drained: shop/db-0 (disruption budget shop-db): ${BUDGET}`,
      blockers: [{ namespace: 'shop', pod: 'db-0', budget: 'shop-db' }],
    });
    expect(asked(/DELETE/)).toEqual([]);
  });

  test('that is forced deletes what a budget kept, but only when its time is over', async () => {
    serve([{ name: 'db-0', owner: 'StatefulSet' }], () => BUDGET);
    await drain(async () => api, 'n1', { ...options, force: true });
    expect(now).toBeGreaterThanOrEqual(30_000);
    expect(asked(/DELETE/)).toHaveLength(1);
  });

  test('refuses before anything is evicted where a pod would be gone for ever, unless forced', async () => {
    const pods = [{ name: 'web', owner: 'ReplicaSet' }, { name: 'alone' }];
    serve(pods);
    await expect(drain(async () => api, 'n1', options)).rejects.toThrow(
      'shop/alone: nothing would make it again elsewhere',
    );
    expect(asked(/eviction/)).toEqual([]);
    await drain(async () => api, 'n1', { ...options, force: true });
    expect(pods).toEqual([]);
  });

  test('of a dead machine waits for nobody to stop its pods', async () => {
    serve([{ name: 'web', owner: 'ReplicaSet', terminating: true }]);
    await drain(async () => api, 'n1', { ...options, dead: true });
    expect(asked(/DELETE/)[0]!.body).toMatchObject({ gracePeriodSeconds: 0 });
  });

  test('does not wait for ever for a pod that does not end', async () => {
    serve([{ name: 'web', owner: 'ReplicaSet', terminating: true }]);
    await expect(drain(async () => api, 'n1', options)).rejects.toThrow('it was told to end, and has not');
  });

  test('of a node whose kubelet is silent ends, says so, and how its pods go all the same', async () => {
    serve([{ name: 'web', owner: 'ReplicaSet', terminating: true }]);
    const pods = answer;
    const silent = {
      metadata: { name: 'n1' },
      spec: {},
      status: { conditions: [{ type: 'Ready', status: 'Unknown', message: 'Kubelet stopped posting' }] },
    };
    answer = (request) => (request.path === '/api/v1/nodes/n1' ? [200, silent] : pods(request));
    await expect(drain(async () => api, 'n1', options)).rejects.toMatchObject({
      message:
        'n1 could not be drained: shop/web: it was told to end, and the kubelet that would end it is silent',
      remedies: [{ command: 'remove-node', replicas: ['n1'], switches: ['force'] }],
    });
    expect(now).toBe(150_000);
  });

  test.each<readonly [string, () => [number, unknown]]>([
    [
      'does not answer in time',
      () => {
        throw new TimeoutError('an answer', 15_000, undefined);
      },
    ],
    [
      'resets the connection',
      () => {
        throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
      },
    ],
    ['is busy', () => [429, { message: 'too many requests' }]],
    ['is in trouble', () => [503, { message: 'etcdserver: leader changed' }]],
  ])(
    'waits for an API server that %s, whatever it was asked, and not beyond the time limit',
    async (_, hiccup) => {
      const pods = [{ name: 'db-0', owner: 'StatefulSet' }];
      serve(pods);
      const well = answer;
      const met = new Set<string>();
      answer = (request) => {
        const first = !met.has(request.path);
        met.add(request.path);
        return first ? hiccup() : well(request);
      };
      await drain(async () => api, 'n1', options);
      expect([pods, met.size]).toEqual([[], 3]);
      expect(now).toBeLessThan(30_000);

      now = 0;
      answer = hiccup;
      await expect(drain(async () => api, 'n1', options)).rejects.toThrow(/answer|ECONNRESET/);
      expect(now).toBe(30_000);
    },
  );

  test('deletes what it forces also where the API server is in trouble just then', async () => {
    serve([{ name: 'db-0', owner: 'StatefulSet' }], () => BUDGET);
    const well = answer;
    let troubles = 3;
    answer = (request) => (request.method === 'DELETE' && troubles-- > 0 ? [503, {}] : well(request));
    await drain(async () => api, 'n1', { ...options, force: true });
    expect(asked(/DELETE/)).toHaveLength(4);
  });

  test.each([401, 403])(
    'ends at once where the API server answers %i: waiting would not help',
    async (status) => {
      serve([{ name: 'db-0', owner: 'StatefulSet' }]);
      const well = answer;
      answer = (request) => (request.path.includes('eviction') ? [status, { message: 'no' }] : well(request));
      await expect(drain(async () => api, 'n1', options)).rejects.toMatchObject({ name: 'ApiError', status });
      expect(now).toBe(0);
    },
  );

  test('waits for a pod whose namespace is being deleted until it is told to end', async () => {
    const pods: FakePod[] = [{ name: 'web', owner: 'ReplicaSet' }];
    serve(pods);
    const well = answer;
    const terminating = {
      message: 'pods "web" is forbidden: unable to create new content in namespace shop',
      details: {
        causes: [{ reason: 'NamespaceTerminating', message: 'namespace shop is being terminated' }],
      },
    };
    answer = (request) => {
      if (!request.path.includes('eviction')) return well(request);
      if (now >= 3000) pods.length = 0;
      return [403, terminating];
    };
    expect(await whatBlocks(api, 'n1')).toEqual([]);
    await drain(async () => api, 'n1', options);
    expect(now).toBe(4000);
  });

  test('can be looked at beforehand, without anything happening', async () => {
    const pods = [
      { name: 'db-0', owner: 'StatefulSet' },
      { name: 'alone' },
      { name: 'web', owner: 'ReplicaSet' },
    ];
    serve(pods, (name) => (name === 'db-0' ? BUDGET : null));
    expect(await whatBlocks(api, 'n1')).toMatchObject([
      { pod: 'alone', budget: null },
      { pod: 'db-0', budget: 'shop-db' },
    ]);
    expect(pods).toHaveLength(3);
    expect(asked(/PATCH/)).toEqual([]);
  });
});

test('a node says why it is not ready', async () => {
  const node = (name: string, conditions: unknown[]) => ({
    metadata: { name, labels: { 'topology.kubernetes.io/zone': 'a' } },
    spec: { podCIDR: '10.244.0.0/24', unschedulable: true },
    status: {
      conditions,
      nodeInfo: { kubeletVersion: 'v1.37.1' },
      addresses: [{ type: 'InternalIP', address: '10.0.0.3' }],
    },
  });
  const words = 'container runtime network not ready: cni plugin not initialized';
  answer = () => [
    200,
    {
      metadata: {},
      items: [
        node('c', [{ type: 'Ready', status: 'Unknown', message: 'Kubelet stopped posting node status.' }]),
        node('b', [{ type: 'Ready', status: 'False', message: words }]),
        node('a', [{ type: 'Ready', status: 'True', message: 'kubelet is posting ready status' }]),
      ],
    },
  ];
  const nodes = await listNodes(api);
  expect(nodes.map(({ name, ready, problem }) => [name, ready, problem])).toEqual([
    ['a', 'ready', null],
    ['b', 'unready', words],
    ['c', 'unknown', 'Kubelet stopped posting node status.'],
  ]);
  expect(nodes[0]).toMatchObject({
    version: 'v1.37.1',
    podCidr: '10.244.0.0/24',
    internalIp: '10.0.0.3',
    zone: 'a',
    cordoned: true,
  });
});

test('a join token lives for minutes, and cannot be guessed or used for anything else', async () => {
  answer = () => [201, {}];
  const token = await createJoinToken(api, { purpose: 'join n1', minutes: 15, clock });
  expect(token).toMatch(/^[a-z0-9]{6}\.[a-z0-9]{16}$/);
  const { stringData } = calls[0]!.body as { stringData: Record<string, string> };
  expect(stringData).toMatchObject({
    expiration: '1970-01-01T00:15:00Z',
    'usage-bootstrap-authentication': 'true',
    'auth-extra-groups': 'system:bootstrappers:kubeadm:default-node-token',
  });
  expect(stringData).not.toHaveProperty('usage-bootstrap-signing');
});

test('what the API server refuses is said in its words, without what was sent', async () => {
  answer = () => [403, { message: 'secrets is forbidden' }];
  await expect(createJoinToken(api, { purpose: 'join n1', minutes: 15, clock })).rejects.toMatchObject({
    name: 'ApiError',
    status: 403,
    message: 'could not make a token to join n1: the API server answers 403: secrets is forbidden',
  });
});
