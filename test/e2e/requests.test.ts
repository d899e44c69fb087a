import { Agent, request } from 'node:https';
import { beforeAll, describe, expect, test } from 'vitest';
import { type ApiClient, callApi } from '../../src/kubernetes/client.ts';
import { adminOf, useClusters } from './support/clusters.ts';
import { haup } from './support/haup.ts';
import { onMachine } from './support/inside.ts';

/** What takes an API server longer than a moment, and must be done all the same. */
const CLUSTER = 'e2e-requests';
const MAPS = '/api/v1/namespaces/default/configmaps';
useClusters(CLUSTER);

let api: ApiClient;
beforeAll(async () => {
  await haup('create', '-c', CLUSTER);
  api = await adminOf(CLUSTER);
});

/** Over connections that are kept: three thousand handshakes are not what is tested. */
/** Of a request whose answer may be larger than what haup itself takes for one: it lists all that was deleted. */
function statusOf(method: string, path: string): Promise<number | undefined> {
  const { ip: host, port, caPem: ca, certPem: cert, keyPem: key } = api;
  return new Promise((resolve, reject) => {
    const outgoing = request({ host, port, ca, cert, key, method, path }, (incoming) => {
      incoming.resume();
      incoming.on('end', () => resolve(incoming.statusCode));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

async function makeConfigMaps(count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const { ip: host, port, caPem: ca, certPem: cert, keyPem: key } = api;
  const headers = { 'content-type': 'application/json' };
  const make = (name: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const options = { host, port, ca, cert, key, agent, headers, method: 'POST', path: MAPS };
      const outgoing = request(options, (incoming) => {
        incoming.resume();
        incoming.on('end', () =>
          incoming.statusCode === 201 ? resolve() : reject(new Error(`${name}: ${incoming.statusCode}`)),
        );
      });
      outgoing.on('error', reject);
      outgoing.end(JSON.stringify({ metadata: { name, labels: { set: 'many' } } }));
    });
  try {
    await Promise.all(Array.from({ length: count }, (_, i) => make(`many-${i}`)));
  } finally {
    agent.destroy();
  }
}

describe('an API server', () => {
  test('works at a request for as long as Kubernetes does, unless told otherwise', async () => {
    const { stdout } = await onMachine(
      CLUSTER,
      `${CLUSTER}-master`,
      "tr '\\0' '\\n' </proc/$(pidof kube-apiserver)/cmdline",
    );
    expect(stdout).toContain('--request-timeout=60s\n');
  });

  test('deletes a collection of 3,000 objects in one request', async () => {
    await makeConfigMaps(3000);
    const path = `${MAPS}?labelSelector=set%3Dmany`;
    expect(await statusOf('DELETE', path)).toBe(200);
    const left = await callApi(api, { path, timeoutMs: 10_000 });
    expect((JSON.parse(left.text) as { items: unknown[] }).items).toEqual([]);
  });

  test('is held up, and not stopped, by an admission webhook that hangs and may be ignored', async () => {
    // It accepts connections, and that is all it ever does.
    const hang = 'systemd-run -q --socket-property=ListenStream=127.0.0.1:9443 sleep infinity';
    expect(await onMachine(CLUSTER, `${CLUSTER}-master`, hang)).toMatchObject({ code: 0 });
    const body = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'hangs' },
      webhooks: [
        {
          name: 'hangs.example.com',
          // Kubernetes' own default, 10 s, is its time limit.
          clientConfig: { url: 'https://127.0.0.1:9443/' },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['*'] }],
          failurePolicy: 'Ignore',
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        },
      ],
    };
    const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
    expect((await callApi(api, { method: 'POST', path, body, timeoutMs: 10_000 })).status).toBe(201);
    try {
      const write = { method: 'POST', path: MAPS, timeoutMs: 40_000 };
      // API servers learn of a new webhook in a moment: the first write that is held up is the one that counts.
      for (let i = 0, heldUp = false; !heldUp; i++) {
        const began = performance.now();
        const made = await callApi(api, { ...write, body: { metadata: { name: `through-${i}` } } });
        expect(made.status, made.text).toBe(201);
        heldUp = performance.now() - began > 9_000;
        expect(i).toBeLessThan(1000);
      }
    } finally {
      await callApi(api, { method: 'DELETE', path: `${path}/hangs`, timeoutMs: 10_000 });
    }
  });
});
