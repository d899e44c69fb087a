import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { environment } from '../../../src/app/environment.ts';
import type { ClusterSpec } from '../../../src/cluster/model/spec.ts';
import { clusterStateSchema, noHistory } from '../../../src/cluster/world/memory.ts';
import type { Provider } from '../../../src/providers/provider.ts';
import { openStore } from '../../../src/state/open.ts';
import { storeUrl } from '../../../src/state/url.ts';

const spec: ClusterSpec = {
  name: 'demo',
  uid: '0123456789abcdef',
  provider: 'local',
  region: 'local',
  zone: 'local-a',
  multizone: false,
  kubernetesVersion: 'v1.37.1',
  etcdVersion: 'v3.7.3',
  apiPort: 443,
  clusterCidr: '10.244.0.0/16',
  cni: 'haup',
  images: [],
  nodeLabels: {},
  nodeTaints: [],
  nodes: [],
  requestTimeoutSeconds: 60,
  serviceCidr: '10.96.0.0/12',
  balancer: 'auto',
  settings: {},
  replicas: [{ name: 'demo-master', zone: 'local-a' }],
  usedNames: ['demo-master'],
  deleting: false,
};

/** Gone after the test. */
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'haup-environment-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

beforeEach(() => {
  // Nothing is cached, and nothing can be had.
  vi.stubEnv('HAUP_CACHE', newFolder());
  vi.stubEnv('HAUP_MIRROR', 'https://127.0.0.1:1');
  vi.stubEnv('HAUP_BUILD', '0');
});
afterEach(() => vi.unstubAllEnvs());

/** A provider that shows the operator's binaries to its machines, as the local one does. */
const provider = {
  binaries: { kind: 'mounted', path: '/bin' },
  machines: {},
  address: {},
  balancer: {},
  preflight: async () => {},
  close: async () => {},
} as unknown as Provider;

async function locked(dryRun: boolean): Promise<string> {
  const url = storeUrl(newFolder());
  const store = openStore(url, clusterStateSchema);
  await store.create('demo', { spec, history: noHistory, pins: {} });
  const options = {
    store: url,
    storeIdentity: null,
    environment: process.env,
    signal: new AbortController().signal,
    emit: () => {},
    timeoutMs: 60_000,
  };
  const env = environment(store, options, async () => ({ open: () => provider }), dryRun);
  return env.locked('demo', 'add-replica', async () => 'worked');
}

it('a change has its binaries before it begins', async () => {
  await expect(locked(false)).rejects.toThrow(/cannot reach 127\.0\.0\.1/);
});

it('a dry run fetches nothing', async () => {
  expect(await locked(true)).toBe('worked');
});

it('a new cluster is stored with its first secrets, at once', async () => {
  const url = storeUrl(newFolder());
  const store = openStore(url, clusterStateSchema);
  const signal = new AbortController().signal;
  const options = {
    store: url,
    storeIdentity: null,
    environment: {},
    signal,
    emit: () => {},
    timeoutMs: 60_000,
  };
  const running = { ...provider, binaries: { kind: 'download' } } as unknown as Provider;
  const env = environment(store, options, async () => ({ open: () => running }));
  await env.creating(spec, { addons: '[]' }, false, async ({ world }) => {
    expect(await store.read('demo')).toBeNull();
    await world.save(spec);
  });
  expect(await store.secrets('demo').get('addons')).toBe('[]');
});
