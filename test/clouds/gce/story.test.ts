import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cachedBinaries, cacheFolder } from '../../../src/artifacts/cache.ts';
import { ensureBinaries, ensureNodeBinaries } from '../../../src/artifacts/ensure.ts';
import { ensureOfflineImages } from '../../../src/artifacts/images/offline.ts';
import { hostArchitecture } from '../../../src/artifacts/sources.ts';
import { DEFAULT_KUBERNETES_VERSION, defaultEtcdVersion } from '../../../src/artifacts/versions.ts';
import { newConnections, summarize } from '../../../src/drill/clients/load.ts';
import type { ApiClient } from '../../../src/kubernetes/client.ts';
import { clientFrom } from '../../support/kubeconfig.ts';
import { podsOnNodes } from '../shared/pods.ts';
import { behindItsBack } from './instances.ts';
import { deleteManually } from './manual-deletion.ts';
import { leadPods } from './pod-routes.ts';
import { type RealizedGce, startRealizedGce } from './realized.ts';

/** Real etcd and Kubernetes on real machines, through the real Google client and the command line that a user types. */
const RULE_MS = 3000;
const DELAYS = {
  default: 500,
  'forwardingRules.insert': RULE_MS,
  'forwardingRules.delete': RULE_MS,
  'instances.insert': 1000,
  'instances.delete': 1000,
  'instances.start': 500,
  'instances.addAccessConfig': 500,
  'instances.deleteAccessConfig': 500,
  guestAgent: 1000,
  firstProbes: 1000,
};
const MAIN = new URL('../../../src/cli/main.ts', import.meta.url).pathname;

let gce: RealizedGce;
let folder: string;
let env: Record<string, string>;
let images: readonly string[];
let binaries: string;

beforeAll(async () => {
  const kubernetesVersion = DEFAULT_KUBERNETES_VERSION;
  const etcdVersion = defaultEtcdVersion(kubernetesVersion);
  await ensureBinaries({ environment: process.env, kubernetesVersion, etcdVersion });
  const release = { kubernetesVersion, etcdVersion, arch: hostArchitecture() };
  binaries = cachedBinaries(cacheFolder(process.env), release);
  expect(existsSync(binaries)).toBe(true);
  const { folder: nodeBinariesFolder } = await ensureNodeBinaries({
    environment: process.env,
    kubernetesVersion,
  });
  images = Object.values(await ensureOfflineImages({ environment: process.env }));
  gce = await startRealizedGce({
    binariesFolder: binaries,
    nodeBinariesFolder,
    binaries: 'mirrored',
    delays: DELAYS,
  });
  folder = await mkdtemp(join(tmpdir(), 'gcex-story-'));
  const credentials = join(folder, 'credentials.json');
  await writeFile(credentials, JSON.stringify(gce.credentials), { mode: 0o600 });
  env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    HAUP_HOME: join(folder, 'haup'),
    HAUP_MIRROR: gce.machines.mirror,
    HAUP_MIRROR_INSECURE: '1',
    HAUP_SSH_FROM: '198.51.100.7/32',
    CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: gce.server.endpoint,
    GOOGLE_APPLICATION_CREDENTIALS: credentials,
    PROJECT: gce.cloud.project,
    KUBERNETES_PROVIDER: 'gce',
    MULTIZONE: 'true',
    KUBE_GCE_ZONE: 'europe-west1-b',
  };
}, 600_000);
afterAll(async () => {
  await gce?.close();
  await rm(folder, { recursive: true, force: true });
}, 120_000);

interface Status {
  readonly converged: boolean;
  readonly apiAddress: {
    readonly ip: string;
    readonly holder: { readonly kind: string; readonly name?: string };
  };
  readonly replicas: readonly {
    readonly name: string;
    readonly machine: string;
    readonly apiServer: string;
    readonly internalIp: string;
    readonly externalIp: string;
  }[];
  readonly etcd: { readonly voters: number; readonly healthy: number };
}

async function haup(...args: string[]): Promise<{ out: string; all: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args, '-c', 'gx'], { env });
  let out = '';
  let all = '';
  const callsBefore = gce.cloud.faults.calls.length;
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk;
    all += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    all += chunk;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`haup ${args.join(' ')} ended with ${code}:\n${all}`);
  process.stdout.write(`figure: GCE calls of haup ${args[0]}: ${callsSince(callsBefore)}\n`);
  return { out, all };
}

/** What a whole command asks the cloud: its steps, and its looks at what there is, of which each lists the firewalls once. */
function callsSince(from: number): string {
  const calls = gce.cloud.faults.calls.slice(from).map((call) => call.method);
  const count = (pattern: RegExp) => calls.filter((method) => pattern.test(method)).length;
  const reads = count(/\.(get|getHealth|list|listInstances|aggregatedList)$/);
  const waits = count(/\.wait$/);
  const looks = count(/^firewalls\.list$/);
  return `${calls.length - reads - waits} changes, ${waits} waits for them, ${reads} reads with ${looks} looks`;
}

const status = async () => JSON.parse((await haup('status', '-o', 'json')).out) as Status;

/**
 * Runs a command under a client of the API address that makes ten new connections a second. What haup itself measures
 * while it moves the address, and what that client meets, are figures; that the gap is the forwarding rule's own delay is
 * tested on simulated time, in handover.test.ts.
 */
async function moving(what: 'promotion' | 'demotion', ...args: string[]): Promise<void> {
  const all = await underClient(what, args);
  const measured = new RegExp(`measured +${what}: .*longest gap ([\\d.]+) (m?)s.*`).exec(all);
  process.stdout.write(`figure: GCE, forwarding rule ${RULE_MS / 1000} s: ${measured?.[0]}\n`);
  expect(measured).not.toBeNull();
}

async function underClient(what: string, args: string[]): Promise<string> {
  const load = newConnections(api, { hz: 10, timeoutMs: 2000 });
  const { all } = await haup(...args);
  const { requests, failures, longestGap } = summarize(await load.stop());
  process.stdout.write(
    `figure: GCE, a client's view of ${what}: ${failures.length} of ${requests} requests failed, longest gap ${longestGap} ms\n`,
  );
  expect(requests - failures.length).toBeGreaterThan(20);
  return all;
}

/** Each replica proves to be the cluster's, at the API address and at its internal one, and at no other address. */
async function expectCertificates(): Promise<void> {
  for (const { internalIp, externalIp } of (await status()).replicas) {
    const names = await namesOnCertificate(externalIp);
    expect(names).toContain(`IP Address:${api.ip}`);
    expect(names).toContain(`IP Address:${internalIp}`);
    if (externalIp !== api.ip) expect(names).not.toContain(`IP Address:${externalIp}`);
  }
}

/** The names on the certificate of whoever answers there, which the cluster's authority has signed. */
function namesOnCertificate(host: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const { port, caPem: ca } = api;
    const socket = connect({ host, port, ca, checkServerIdentity: () => undefined }, () => {
      resolve((socket.getPeerCertificate().subjectaltname ?? '').split(', '));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

let ip: string;
let api: ApiClient;
const master = { kind: 'machine', name: 'gx-master' };

it('creates one master with KUBERNETES_PROVIDER=gce MULTIZONE=true KUBE_GCE_ZONE=europe-west1-b', async () => {
  await haup('create');
  const now = await status();
  ip = now.apiAddress.ip;
  expect(now).toMatchObject({ converged: true, etcd: { voters: 1 } });
  expect(now.apiAddress.holder).toEqual(master);
  api = clientFrom((await haup('kubeconfig')).out);
  expect(api.ip).toBe(ip);
  await expectCertificates();
}, 300_000);

it('grows to three in three zones, and the API address moves to the load balancer', async () => {
  await moving('promotion', 'add-replica', '--zones', 'europe-west1-c,europe-west1-d', '--count', '2');
  expect(await status()).toMatchObject({
    converged: true,
    apiAddress: { ip, holder: { kind: 'balancer' } },
    etcd: { voters: 3, healthy: 3 },
    loadBalancer: { targets: [{ health: 'healthy' }, { health: 'healthy' }, { health: 'healthy' }] },
  });
  await expectCertificates();
}, 600_000);

it('replaces one whose machine has lost its power', async () => {
  const dead = (await status()).replicas[1]?.name ?? '';
  await behindItsBack.stop(gce.cloud, dead);
  await underClient('a replacement', ['replace-replica', dead]);
  const now = await status();
  expect(now).toMatchObject({
    converged: true,
    apiAddress: { ip, holder: { kind: 'balancer' } },
    etcd: { voters: 3, healthy: 3 },
  });
  expect(now.replicas.map((each) => each.name)).not.toContain(dead);
  await expectCertificates();
}, 600_000);

it('shrinks to one, which has the API address again', async () => {
  const [, second, third] = (await status()).replicas.map((each) => each.name);
  await moving('demotion', 'remove-replica', second ?? '', third ?? '');
  expect(await status()).toMatchObject({
    converged: true,
    apiAddress: { ip, holder: master },
    etcd: { voters: 1, healthy: 1 },
  });
  expect(gce.cloud.store.all('forwardingRules')).toEqual([]);
}, 600_000);

it('grows again', async () => {
  await moving('promotion', 'add-replica', '--zones', 'europe-west1-c');
  expect(await status()).toMatchObject({
    converged: true,
    apiAddress: { ip, holder: { kind: 'balancer' } },
    etcd: { voters: 2, healthy: 2 },
  });
}, 600_000);

it('is deleted when half of it is gone, and nothing is left', async () => {
  const kinds = ['forwardingRules', 'instances', 'firewalls', 'healthChecks'];
  const half = kinds.map((kind) => gce.cloud.store.all(kind)[0]?.path ?? kind);
  const gone = [];
  for (const path of half) gone.push(await deleteManually(gce.cloud, path));
  expect(gone).toEqual([true, true, true, false]); // the backend service uses the health check
  await haup('delete', '--yes');
  expect(gce.cloud.store.paths()).toEqual([]);
  expect(gce.machines.machines()).toEqual([]);
}, 300_000);

it('is made anew under the same name at once, with nodes whose pods reach each other, and deleted', async () => {
  const nodes = [
    '--nodes',
    '2',
    '--node-zones',
    'europe-west1-b,europe-west1-c',
    '--cluster-cidr',
    '10.64.0.0/16',
  ];
  await haup('create', ...nodes, ...images.flatMap((image) => ['--images', image]));
  expect(await status()).toMatchObject({ converged: true, apiAddress: { holder: master } });
  const pods = await podsOnNodes((await haup('kubeconfig')).out, binaries, folder);
  const ids = gce.cloud.store.all('instances').map(({ message }) => message.name);
  for (const node of pods.nodes)
    expect(node).toMatchObject({
      providerId: `gce://haup-test/${node.zone}/${node.name}`,
      region: 'europe-west1',
    });
  expect(ids).toEqual(expect.arrayContaining(pods.nodes.map(({ name }) => name)));
  expect(await pods.reach()).toBe(true);
  const { message } = behindItsBack.find(gce.cloud, pods.nodes[1]!.name);
  message.canIpForward = false;
  await leadPods(gce.cloud);
  expect(await pods.reach()).toBe(false);
  await haup('delete', '--yes');
  expect(gce.cloud.store.paths()).toEqual([]);
  expect(gce.machines.machines()).toEqual([]);
}, 600_000);
