import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { admissionWatch } from '../../../src/cluster/world/observe/admission.ts';
import type { ApiAnswer, ApiClient, ApiRequest } from '../../../src/kubernetes/client.ts';
import { drain, whatBlocks } from '../../../src/nodes/api/drain.ts';
import { listNodes, readNode } from '../../../src/nodes/api/nodes.ts';
import { podsOn } from '../../../src/nodes/api/pods.ts';
import { Failure } from '../../../src/util/failure.ts';
import { TimeoutError } from '../../../src/util/wait.ts';
import { type Damage, damage, mangled } from '../../support/mangled.ts';

// Many inputs: how long they take is the host's affair.
vi.setConfig({ testTimeout: 600_000 });

const RUNS = Number(process.env.HAUP_FUZZ_RUNS ?? (process.env.CI ? 1_500 : 400));

let answer: (request: ApiRequest) => ApiAnswer;
vi.mock('../../../src/kubernetes/client.ts', () => ({
  callApi: async (_: ApiClient, request: ApiRequest): Promise<ApiAnswer> => answer(request),
}));
const api = {} as ApiClient;

const node = (name: string) => ({
  metadata: { name, labels: { 'topology.kubernetes.io/zone': 'local-a' } },
  spec: { podCIDR: '10.244.1.0/24', providerID: `haup://${name}` },
  status: {
    conditions: [{ type: 'Ready', status: 'True', message: 'kubelet is posting ready status' }],
    addresses: [{ type: 'InternalIP', address: '10.0.0.9' }],
    nodeInfo: { kubeletVersion: 'v1.37.1', bootID: 'b' },
  },
});
const pod = {
  metadata: {
    name: 'web-1',
    namespace: 'shop',
    uid: 'u-1',
    ownerReferences: [{ kind: 'ReplicaSet', controller: true }],
  },
  status: { phase: 'Running' },
};
const hooks = {
  items: [
    {
      webhooks: [
        {
          name: 'no.example.com',
          failurePolicy: 'Fail',
          rules: [{ apiGroups: ['*'], resources: ['leases', 'events'] }],
        },
        { name: 'may.example.com', failurePolicy: 'Ignore', rules: [{ apiGroups: ['*'], resources: ['*'] }] },
      ],
    },
  ],
};

/** By path, as the API server answers: nodes, the pods of one, a budget's refusal. */
function truth(path: string): [number, unknown] {
  if (path.includes('/eviction')) {
    const message = 'The disruption budget web needs 2 healthy pods and has 2 currently';
    return [429, { kind: 'Status', message, details: { causes: [{ reason: 'DisruptionBudget', message }] } }];
  }
  if (path.startsWith('/api/v1/pods')) return [200, { metadata: {}, items: [pod] }];
  if (path.startsWith('/api/v1/nodes?'))
    return [200, { metadata: {}, items: [node('demo-node-abc'), node('demo-node-xyz')] }];
  return [200, path.includes('webhookconfigurations') ? hooks : node('demo-node-abc')];
}

const damaged = fc.record({
  all: fc.array(damage, { minLength: 1, maxLength: 3 }),
  status: fc.option(fc.constantFrom(200, 204, 302, 403, 404, 500, 503)),
});

function answering({ all, status }: { all: readonly Damage[]; status: number | null }): void {
  answer = ({ path }) => {
    const [code, body] = truth(path);
    return { status: status ?? code, text: mangled(body, all) };
  };
}

it('whatever the API answers, its nodes and pods are read whole or not at all, and that is no defect', async () => {
  let now = 0;
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms * 30;
    },
  };
  await fc.assert(
    fc.asyncProperty(damaged, async (how) => {
      answering(how);
      const asked = [
        listNodes(api),
        readNode(api, 'demo-node-abc'),
        podsOn(api, 'demo-node-abc'),
        whatBlocks(api, 'demo-node-abc'),
        drain(async () => api, 'demo-node-abc', { timeoutMs: 0, force: false, dead: false, clock }),
      ];
      for (const outcome of await Promise.allSettled<unknown>(asked)) {
        if (outcome.status === 'fulfilled') continue;
        expect(outcome.reason, outcome.reason?.stack).toBeInstanceOf(Failure);
        expect(outcome.reason.message).not.toContain('\n');
      }
    }),
    { seed: 8, numRuns: RUNS },
  );
});

it('a webhook that fails closed and does not answer is named, whatever else is configured', async () => {
  answer = ({ path }) => {
    if (path.includes('dryRun')) throw new TimeoutError('an answer', 4000, undefined);
    return { status: 200, text: JSON.stringify(path.includes('mutating') ? { items: [] } : hooks) };
  };
  expect(await admissionWatch()(api, new AbortController().signal)).toEqual([
    'leases: no answer within 4 s; asked first: no.example.com',
    'events: no answer within 4 s; asked first: no.example.com',
  ]);
});

it('what the API says of admission is told in its words; what it says in no form says nothing', async () => {
  const denied = { kind: 'Status', message: 'admission webhook "no.example.com" denied the request' };
  answer = () => ({ status: 403, text: JSON.stringify(denied) });
  expect(await admissionWatch()(api, new AbortController().signal)).toHaveLength(4);
  await fc.assert(
    fc.asyncProperty(damaged, fc.boolean(), async ({ all, status }, silent) => {
      answer = ({ path }) => {
        if (silent && path.includes('dryRun')) throw new TimeoutError('an answer', 4000, undefined);
        const body = path.includes('dryRun') ? denied : hooks;
        return { status: status ?? 403, text: mangled(body, all) };
      };
      for (const said of await admissionWatch()(api, new AbortController().signal))
        expect(said.length).toBeLessThan(1000);
    }),
    { seed: 8, numRuns: Math.ceil(RUNS / 2) },
  );
});
