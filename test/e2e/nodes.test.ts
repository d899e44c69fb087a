import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get as httpGet } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtInAddons, userAddon } from '../../src/addons/addons.ts';
import { makeJoinCommand } from '../../src/app/nodes/join-command.ts';
import { cacheFolder } from '../../src/artifacts/cache.ts';
import { ensureBinaries, ensureNodeBinaries } from '../../src/artifacts/ensure.ts';
import { type Image, imageArchive, imageLayer } from '../../src/artifacts/images/layout.ts';
import { COREDNS_IMAGE, ECHO_IMAGE, PAUSE_IMAGE } from '../../src/artifacts/images/names.ts';
import { ensureOfflineImages } from '../../src/artifacts/images/offline.ts';
import { type ImageArchive, readImageArchive } from '../../src/artifacts/images/read.ts';
import { hostArchitecture } from '../../src/artifacts/sources.ts';
import { type ApiClient, callApi } from '../../src/kubernetes/client.ts';
import { drain, whatBlocks } from '../../src/nodes/api/drain.ts';
import { deleteNode, listNodes, setCordoned } from '../../src/nodes/api/nodes.ts';
import { localProviderId, type NodeConfig } from '../../src/nodes/config.ts';
import { importImages } from '../../src/nodes/images.ts';
import { inspectNode } from '../../src/nodes/inspect.ts';
import { connectNode, joinNode } from '../../src/nodes/join.ts';
import { issueNode } from '../../src/nodes/pki.ts';
import { provisionNode } from '../../src/nodes/provision.ts';
import { renewNode } from '../../src/nodes/renew.ts';
import { connectPods } from '../../src/nodes/start.ts';
import { type Authorities, createAuthorities } from '../../src/pki/authorities.ts';
import { issueClient } from '../../src/pki/issue.ts';
import { createKubeletAuthorities, type KubeletAuthorities } from '../../src/pki/kubelet-authorities.ts';
import { issueReplica } from '../../src/pki/replica.ts';
import { open } from '../../src/providers/local/index.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { newEncryptionKey } from '../../src/replicas/config.ts';
import { bootstrapEtcd, startControlPlane } from '../../src/replicas/lifecycle/lifecycle.ts';
import { giveRights } from '../../src/replicas/lifecycle/rights.ts';
import { configPath } from '../../src/replicas/paths.ts';
import { provision } from '../../src/replicas/provision/provision.ts';
import { rfc3339 } from '../../src/util/text/rfc3339.ts';
import { waitFor } from '../../src/util/wait.ts';
import { whole } from '../support/whole.ts';
import { bareMachines } from './support/bare-machines.ts';
import { kubeadm } from './support/kubeadm.ts';
import { hasMetricsServer, metricsServer, metricsServerImage } from './support/metrics-server.ts';

/** One master and two nodes, made by hand from their own parts, on real machines that run real pods. */
const cluster = 'e2e-nodes';
const uid = 'e2e0e2e0e2e0e0de';
const versions = { kubernetesVersion: 'v1.37.1', etcdVersion: 'v3.7.3' };
const apiPort = 443;
const serviceCidr = '10.96.0.0/16';
const clusterCidr = '10.244.0.0/16';
const machinesCidr = '10.128.0.0/16';
const master = `${cluster}-master`;
const nodes = { [`${cluster}-node-aaa`]: 'local-a', [`${cluster}-node-bbb`]: 'local-b' };
const third = `${cluster}-node-ccc`;
const fourth = `${cluster}-node-ddd`;
const [first, second] = Object.keys(nodes) as [string, string];

let provider: Provider;
const { pool, machine, session, make: makeMachine } = bareMachines(() => provider);
let authorities: Authorities;
let kubelets: KubeletAuthorities;
let apiAddress: string;
let images: ImageArchive[];

let folder: string;
/** Where it is not in the cache, `npm run test:conformance -- --build-only` puts it there. */
const measuring = await hasMetricsServer();

/** haup's own, and a folder of the user's. */
function addons() {
  return [...ownAddons(), userAddon(folder)];
}

function ownAddons() {
  const caPem = authorities.kubernetes.certPem;
  return builtInAddons({
    cluster,
    ...versions,
    apiAddress,
    apiPort,
    caPem,
    serviceCidr,
    clusterCidr,
    givesServiceAddresses: true,
    resolver: true,
  });
}

function mounted(): Extract<Provider['binaries'], { kind: 'mounted' }> {
  if (provider.binaries.kind !== 'mounted') throw new Error('the local provider mounts its binaries');
  return provider.binaries;
}

async function admin(): Promise<ApiClient> {
  const issued = await issueClient('admin', authorities);
  return { ip: apiAddress, port: apiPort, caPem: authorities.kubernetes.certPem, ...issued };
}

async function makeMaster(): Promise<void> {
  const { internalIp } = await machine(master);
  const identity = { cluster, name: master, internalIp, apiAddress, apiPort, serviceCidr };
  const names = { staticExternalIp: null, balancerDnsName: null, clusterDomain: 'cluster.local' };
  const pki = await issueReplica({ ...identity, ...names }, authorities, kubelets);
  await provision(await session(master), {
    ...identity,
    ...versions,
    uid,
    clusterCidr,
    pki,
    encryptionKeys: [{ name: 'key1', secret: newEncryptionKey() }],
    binaries: mounted(),
    shutdownDelaySeconds: 2,
    requestTimeoutSeconds: 60,
    localRoute: false,
    serviceAddresses: await provider.services!.range(),
    addons: addons(),
  });
  await bootstrapEtcd(await session(master), { name: master, internalIp });
  await startControlPlane(await session(master), { apiPort, admin, addons: async () => addons() });
  await provider.address.handOver({ kind: 'machine', name: master });
  pool.drop(master);
}

async function nodeConfig(name: string): Promise<NodeConfig> {
  const { internalIp, zone } = await machine(name);
  const identity = { cluster, name, internalIp, apiAddress, apiPort };
  return {
    ...identity,
    uid,
    region: 'local',
    zone,
    instanceType: null,
    providerId: localProviderId(uid, zone, name),
    serviceCidr,
    clusterCidr,
    routedCidrs: [machinesCidr],
    serviceAddresses: await provider.services!.range(),
    kubernetesVersion: versions.kubernetesVersion,
    binaries: mounted(),
    cni: 'haup',
    labels: name in nodes ? ownLabels : {},
    taints: [],
    pki: await issueNode(identity, authorities, kubelets),
  };
}

async function makeNode(name: string): Promise<void> {
  const config = await nodeConfig(name);
  // The names of the world are told by a pod on the first node: see below.
  await (await session(name)).run(`echo nameserver ${(await machine(first)).internalIp} >/etc/resolv.conf`);
  await provisionNode(await session(name), config);
  const joining = { ...config, caPem: config.pki.caPem };
  const podCidr = await joinNode(await session(name), await admin(), joining, images);
  const [seen] = (await listNodes(await admin())).filter((node) => node.name === name);
  // Without a network it says what it lacks, in the runtime's words.
  expect(seen).toMatchObject({ ready: 'unready', problem: expect.stringContaining('NetworkPluginNotReady') });
  await provider.network.routes.ensure({ destination: podCidr, machine: name });
  await connectNode(await session(name), await admin(), name, podCidr);
}

async function ask(path: string, request: { method?: string; body?: unknown } = {}) {
  const answer = await callApi(await admin(), { path, ...request, timeoutMs: 10_000 });
  expect(answer.status, `${path}: ${answer.text}`).toBeLessThan(300);
  return answer.text;
}

async function get(path: string): Promise<ReturnType<typeof JSON.parse>> {
  return JSON.parse(await ask(path));
}

function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  return waitFor(look, { what, timeoutMs: 180_000 });
}

/** kubectl on the master, as the administrator: for what needs more than one request (exec). */
async function kubectl(...args: string[]): Promise<string> {
  const command = await kubectlCommand(...args);
  return (await session(master)).run(command, { timeoutMs: 60_000 });
}

async function kubectlCommand(...args: string[]): Promise<string> {
  const { certPem, keyPem } = await issueClient('admin', authorities);
  const s = await session(master);
  await s.pushFiles([
    { path: '/run/e2e/admin.crt', content: certPem, mode: 0o600 },
    { path: '/run/e2e/admin.key', content: keyPem, mode: 0o600 },
  ]);
  const tls = '--certificate-authority=/etc/haup/current/pki/ca.crt --client-certificate=/run/e2e/admin.crt';
  const words = args.map((word) => `'${word}'`).join(' ');
  return `/opt/haup/bin/kubectl --server=https://127.0.0.1:${apiPort} ${tls} --client-key=/run/e2e/admin.key ${words}`;
}

/** `fetch` would take the connection that it has. */
function overNewConnection(host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = httpGet({ host, port: 80, agent: false, timeout: 2_000 }, (response) => {
      text(response).then(resolve, reject);
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', reject);
  });
}

interface PodStatus {
  readonly phase: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  readonly containerStatuses?: readonly {
    readonly restartCount: number;
    readonly state: { readonly terminated?: { readonly exitCode: number; readonly reason: string } };
  }[];
}

interface Pod {
  readonly spec: { readonly nodeName?: string };
  readonly status: PodStatus;
}

/** A pod of the echo image on the first node, which nothing makes again. */
async function makePod(
  name: string,
  command: string[],
  more: { labels?: object; container?: object; spec?: object } = {},
) {
  const container = { name: 'echo', image: ECHO_IMAGE, command: ['/echo', ...command], ...more.container };
  const spec = { nodeName: first, containers: [container], restartPolicy: 'Never', ...more.spec };
  await ask(pods, {
    method: 'POST',
    body: {
      metadata: { name, ...(more.labels ? { labels: more.labels } : {}) },
      spec: { terminationGracePeriodSeconds: 0, ...spec },
    },
  });
}

async function podStatus(name: string): Promise<PodStatus> {
  return (await get(`${pods}/${name}`)).status;
}

function isReady({ conditions = [] }: PodStatus): boolean {
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

function moverOn(node: string): Promise<Pod> {
  return until(`a pod of mover that is ready on ${node}`, async () => {
    const { items }: { items: Pod[] } = await get(`${pods}?labelSelector=app%3Dmover`);
    const found = items.find(({ spec, status }) => spec.nodeName === node && isReady(status));
    if (found) return found;
    throw new Error(`there are ${JSON.stringify(items.map(({ spec, status }) => [spec.nodeName, status]))}`);
  });
}

async function destroy(): Promise<void> {
  for (const { name } of await provider.machines.list()) await provider.machines.delete(name);
  await provider.address.release();
  await provider.network.delete();
}

const labels = { app: 'echo' };
/** Of the nodes that are haup's in all. */
const ownLabels = { 'example.com/network': 'haup' };
const pods = '/api/v1/namespaces/default/pods';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haup-shop-'));
  await writeFile(
    join(folder, 'kept.yaml'),
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept, namespace: default}\n',
  );
  const binaries = await ensureBinaries({ ...versions, environment: process.env });
  const nodeBinaries = await ensureNodeBinaries({ ...versions, environment: process.env });
  const archives = await ensureOfflineImages({ environment: process.env });
  images = await Promise.all(Object.values(archives).map(readImageArchive));
  provider = open({
    cluster: { name: cluster, uid, region: 'local', zone: 'local-a', apiPort },
    settings: {},
    signal: new AbortController().signal,
    progress: () => {},
    binariesFolder: binaries.folder,
    cacheFolder: cacheFolder(process.env),
    environment: process.env,
    nodeBinariesFolder: nodeBinaries.folder,
  });
  await destroy();
  await provider.network.ensure();
  apiAddress = (await provider.address.reserve()).ip;
  authorities = await createAuthorities(cluster);
  kubelets = await createKubeletAuthorities(cluster);
  await makeMachine(master, 'master', 'local-a');
  await makeMaster();
});

afterAll(async () => {
  pool.close();
  await rm(folder, { recursive: true });
  if (process.env.HAUP_KEEP) return;
  await destroy();
  await provider.close();
});

describe('the add-ons of a user', () => {
  const path = '/api/v1/namespaces/default/configmaps/kept';
  const isThere = async () => (await callApi(await admin(), { path, timeoutMs: 10_000 })).status === 200;
  const restarted = async () => (await session(master)).run('systemctl restart haup-addons');

  test('are kept, whatever somebody does', async () => {
    await until('it', async () => (await isThere()) || undefined);
    await ask(path, { method: 'DELETE' });
    await restarted();
    await until('it to be back', async () => (await isThere()) || undefined);
  });

  test('are deleted when they are no add-on any more, and a master that has them still may not make them again', async () => {
    await giveRights(await session(master), { apiPort, ...(await admin()), addons: ownAddons() });
    expect(await isThere()).toBe(false);
    await restarted();
    await until('the unit to be refused', async () => {
      const said = await (await session(master)).run('journalctl -u haup-addons -o cat -n 50');
      return /kept.*forbidden/.test(said) || undefined;
    });
    expect(await isThere()).toBe(false);
    await giveRights(await session(master), { apiPort, ...(await admin()), addons: addons() });
  });
});

describe('nodes', () => {
  test('join, and are Ready with a range of their own', async () => {
    for (const [name, zone] of Object.entries(nodes)) await makeMachine(name, 'node', zone);
    await Promise.all(Object.keys(nodes).map(makeNode));
    const seen = await listNodes(await admin());
    expect(seen.map(({ name, ready, zone }) => [name, ready, zone])).toEqual([
      [first, 'ready', 'local-a'],
      [second, 'ready', 'local-b'],
    ]);
    expect(new Set(seen.map(({ podCidr }) => podCidr)).size).toBe(2);
    expect(seen[0]).toMatchObject({
      version: 'v1.37.1',
      providerId: `haup://${uid}/local-a/${first}`,
      problem: null,
      cordoned: false,
    });
  });

  test('are brought nothing that they have, and are sent nothing that their machine sees', async () => {
    const node = await session(first);
    const imported: string[] = [];
    const bring = (archives: Parameters<typeof importImages>[1]) =>
      importImages(node, archives, mounted().path, { progress: (message) => imported.push(message) });
    await bring(images);
    expect(imported).toEqual([]);
    await node.run(`${mounted().path}/ctr -n k8s.io images rm --sync ${ECHO_IMAGE}`);
    const echo = images.find((archive) => archive.images[0]!.name === ECHO_IMAGE)!;
    const sent = join(folder, 'empty.tar');
    await writeFile(sent, '');
    await bring([{ ...echo, path: sent, onMachine: `${mounted().images}/${basename(echo.path)}` }]);
    expect(imported).toEqual([`importing ${ECHO_IMAGE}`]);
    expect(await node.run(`${mounted().path}/ctr -n k8s.io images list -q`)).toContain(ECHO_IMAGE);
  });

  test('say what is on them', async () => {
    const inside = await inspectNode(await session(first), { uid, name: first });
    expect(inside).toMatchObject({
      provisioned: true,
      kubernetesVersion: 'v1.37.1',
      containerd: 'running',
      kubelet: 'running',
      kubeProxy: 'running',
      servingCertificateExpires: expect.stringMatching(/^20/),
      clientCertificateExpires: expect.stringMatching(/^20/),
      podCidr: expect.stringMatching(/^10\.244\.\d+\.0\/24$/),
    });
    const s = await session(first);
    expect(await s.run('ls /var/lib/kubelet/bootstrap-kubeconfig 2>/dev/null || echo gone')).toBe('gone\n');
    expect(await s.run("find -L /etc/haup /var/lib/kubelet/pki -type f -name '*.key' -perm /077")).toBe('');
    const secrets = await get(
      '/api/v1/namespaces/kube-system/secrets?fieldSelector=type%3Dbootstrap.kubernetes.io%2Ftoken',
    );
    expect(secrets.items).toEqual([]);
  });

  test('run a Deployment behind a Service, on both of them', async () => {
    await ask('/apis/apps/v1/namespaces/default/deployments', {
      method: 'POST',
      body: {
        metadata: { name: 'echo' },
        spec: {
          replicas: 4,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              topologySpreadConstraints: [
                {
                  maxSkew: 1,
                  topologyKey: 'topology.kubernetes.io/zone',
                  whenUnsatisfiable: 'DoNotSchedule',
                  labelSelector: { matchLabels: labels },
                },
              ],
              containers: [
                {
                  name: 'echo',
                  image: ECHO_IMAGE,
                  ports: [{ containerPort: 8080 }],
                  readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 },
                  resources: { limits: { memory: '64Mi' } },
                },
              ],
            },
          },
        },
      },
    });
    await ask('/api/v1/namespaces/default/services', {
      method: 'POST',
      body: {
        metadata: { name: 'echo' },
        spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
      },
    });
    const running = await until('four echo pods to be ready', async () => {
      const { items } = await get(`${pods}?labelSelector=app%3Decho`);
      const ready = items.filter((pod: { status: PodStatus }) => isReady(pod.status));
      return ready.length === 4 ? ready : undefined;
    });
    const on = running.map((pod: { spec: { nodeName: string } }) => pod.spec.nodeName).sort();
    expect(on).toEqual([first, first, second, second]);
  });

  test.runIf(measuring)('may have a metrics server', async () => {
    const input = await metricsServerImage();
    await (await session(first)).run('/opt/haup/bin/ctr -n k8s.io images import -', {
      input,
      timeoutMs: 300_000,
    });
    for (const [path, body] of metricsServer(kubelets.serving.certPem, first))
      await ask(path, { method: 'POST', body });
  });

  test('have DNS by two CoreDNS pods on different nodes, and pods reach services by name', async () => {
    const places = await until('two CoreDNS pods to be ready', async () => {
      const deployment = await get('/apis/apps/v1/namespaces/kube-system/deployments/coredns');
      if (deployment.status?.readyReplicas !== 2) return undefined;
      return (await get('/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dkube-dns')).items;
    });
    expect(new Set(places.map((pod: { spec: { nodeName: string } }) => pod.spec.nodeName)).size).toBe(2);
    const { items } = await get(`${pods}?labelSelector=app%3Decho`);
    const names = items.map((pod: { metadata: { name: string } }) => pod.metadata.name) as string[];
    const answering = new Set<string>();
    const answerTo = async (name: string) =>
      (await kubectl('exec', name, '--', '/echo', 'get', 'http://echo.default.svc.cluster.local/')).split(
        ' ',
      )[0]!;
    for (const name of names) {
      const found = await until(`${name} to resolve echo`, async () =>
        (await kubectl('exec', name, '--', '/echo', 'lookup', 'echo')).trim(),
      );
      expect(found).toMatch(/^10\.96\./);
      // The node's rules follow the endpoints; from the first answer on, every connection is answered.
      answering.add(await until(`${name} to reach echo`, () => answerTo(name).catch(() => undefined)));
    }
    // Also those on the other node, and a pod by way of the service to itself.
    for (let n = 0; n < 40 && answering.size < 4; n++)
      answering.add(await answerTo(names[n % names.length]!));
    expect(answering.size).toBe(4);
  });

  test('let pods ask for the names of the world by the resolver that their machine has', async () => {
    const corefile = '.:53 {\n  hosts {\n    192.0.2.7 shop.example.com\n  }\n}\n';
    await ask('/api/v1/namespaces/default/configmaps', {
      method: 'POST',
      body: { metadata: { name: 'world' }, data: { Corefile: corefile } },
    });
    await makePod('world', [], {
      container: {
        image: COREDNS_IMAGE,
        command: ['/coredns', '-conf', '/world/Corefile'],
        volumeMounts: [{ name: 'world', mountPath: '/world' }],
      },
      spec: { hostNetwork: true, volumes: [{ name: 'world', configMap: { name: 'world' } }] },
    });
    const { items } = await get(`${pods}?labelSelector=app%3Decho&fieldSelector=spec.nodeName%3D${second}`);
    const name = items[0].metadata.name;
    const found = await until('its answer', () =>
      kubectl('exec', name, '--', '/echo', 'lookup', 'shop.example.com').catch(() => undefined),
    );
    expect(found.trim()).toBe('192.0.2.7');
    await ask(`${pods}/world`, { method: 'DELETE' });
  });

  test('take new certificates while their kubelet and their pods run', async () => {
    const s = await session(first);
    const since = (unit: string) => s.run(`systemctl show -P ActiveEnterTimestampMonotonic ${unit}`);
    const running = () => Promise.all(['containerd', 'kubelet'].map(since));
    const uids = async () =>
      (await get(`/api/v1/pods?fieldSelector=spec.nodeName%3D${first}`)).items
        .map(({ metadata, status }: { metadata: { uid: string }; status: PodStatus }) =>
          [metadata.uid, ...status.containerStatuses!.map(({ restartCount }) => restartCount)].join(),
        )
        .sort();
    const before = [await running(), await uids(), await since('kube-proxy')];
    const config = await nodeConfig(first);
    // Resolves when the kubelet shows it.
    await renewNode(s, config.pki);
    const inside = await inspectNode(s, { uid, name: first });
    expect(inside).toMatchObject({
      ...{ provisioned: true, kubelet: 'running', kubeProxy: 'running' },
      servingCertificateExpires: rfc3339(new X509Certificate(config.pki.kubeletCertPem).validTo),
    });
    expect(await s.run('cat /etc/haup/current/pki/kube-proxy.conf')).toBe(config.pki.kubeProxyKubeconfig);
    // Nor does who repairs it later find a reason to start anything again.
    await joinNode(s, await admin(), { ...config, caPem: config.pki.caPem }, images);
    expect([await running(), await uids()]).toEqual(before.slice(0, 2));
    expect(await since('kube-proxy')).not.toBe(before[2]);
  });

  test('keep the rules of Services when kube-proxy starts again and compares them, also a second time', async () => {
    const { spec } = await get('/api/v1/namespaces/default/services/echo');
    const node = await session(first);
    for (const start of ['first', 'second']) {
      await node.run('systemctl restart kube-proxy.service');
      await until(`kube-proxy to have written its rules after its ${start} restart`, async () =>
        (await node.exec('curl -q -sf -m 2 http://127.0.0.1:10256/healthz')).code === 0 ? true : undefined,
      );
      expect(await node.run('nft list map ip kube-proxy service-ips')).toContain(
        `${spec.clusterIP} . tcp . 80`,
      );
    }
  });

  test('keep the source addresses of pods between nodes', async () => {
    const { items } = await get(`${pods}?labelSelector=app%3Decho`);
    const one = items.find((pod: { spec: { nodeName: string } }) => pod.spec.nodeName === first);
    const other = items.find((pod: { spec: { nodeName: string } }) => pod.spec.nodeName === second);
    const answer = await kubectl(
      'exec',
      one.metadata.name,
      '--',
      '/echo',
      'get',
      `http://${other.status.podIP}:8080/`,
    );
    expect(answer).toContain(`to ${one.status.podIP}:`);
  });

  test('give logs, and limit what a pod may take', async () => {
    const { items } = await get(`${pods}?labelSelector=app%3Decho&fieldSelector=spec.nodeName%3D${first}`);
    expect(await ask(`${pods}/${items[0].metadata.name}/log`)).toContain('serves on :8080');
    const inNode = 'sh /etc/haup/current/config/in-node-mounts.sh cat';
    const limit = `/sys/fs/cgroup/memory/kubepods/burstable/pod${items[0].metadata.uid}/memory.limit_in_bytes`;
    expect(await (await session(first)).run(`${inNode} ${limit}`)).toBe(`${64 * 2 ** 20}\n`);
  });

  test('end a container that takes more memory than it may', async () => {
    await makePod('eater', ['eat', '64'], { container: { resources: { limits: { memory: '32Mi' } } } });
    const ended = await until(
      'its end',
      async () => (await podStatus('eater')).containerStatuses?.[0]?.state.terminated,
    );
    expect(ended.exitCode).toBe(137);
  });

  test('start containers again that end, or that a probe finds dead', async () => {
    await makePod('ending', ['cat', '/etc/none'], { spec: { restartPolicy: 'Always' } });
    const livenessProbe = { tcpSocket: { port: 1 }, periodSeconds: 1, failureThreshold: 1 };
    await makePod('dead', ['wait'], { container: { livenessProbe }, spec: { restartPolicy: 'Always' } });
    for (const name of ['ending', 'dead']) {
      await until(`${name} to be started again`, async () =>
        ((await podStatus(name)).containerStatuses?.[0]?.restartCount ?? 0) > 0 ? true : undefined,
      );
      await ask(`${pods}/${name}`, { method: 'DELETE' });
    }
  });

  test('give pods folders of the host, empty ones that files are copied to and from, and tokens that the API server believes', async () => {
    const mount = (name: string, path: string) => ({ name, mountPath: path });
    const token = { serviceAccountToken: { path: 'token', audience: 'shop', expirationSeconds: 600 } };
    // kubectl cp runs the container's own tar: here the machine's.
    const programs = ['usr', 'lib', 'lib64'];
    const volumes = [
      ...programs.map((name) => ({ name, hostPath: { path: `/${name}` } })),
      { name: 'host', hostPath: { path: '/etc', type: 'Directory' } },
      { name: 'scratch', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
      { name: 'told', projected: { sources: [token] } },
    ];
    const copying = {
      name: 'copying',
      image: ECHO_IMAGE,
      command: ['/echo', 'copy', '/host/hostname', '/scratch/name'],
      volumeMounts: [mount('host', '/host'), mount('scratch', '/scratch')],
    };
    await makePod('volumes', ['wait'], {
      container: {
        volumeMounts: [
          ...programs.map((name) => ({ ...mount(name, `/${name}`), readOnly: true })),
          mount('scratch', '/scratch'),
          mount('told', '/told'),
        ],
      },
      spec: { volumes, initContainers: [copying] },
    });
    await until('the pod to be ready', async () => isReady(await podStatus('volumes')) || undefined);
    const cat = async (path: string) => (await kubectl('exec', 'volumes', '--', '/echo', 'cat', path)).trim();
    expect(await cat('/scratch/name')).toBe(first);
    await kubectl('cp', 'volumes:/scratch/name', '/run/e2e/name');
    await kubectl('cp', '/run/e2e/name', 'volumes:/scratch/copied');
    expect(await cat('/scratch/copied')).toBe(first);
    const review = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token: await cat('/told/token'), audiences: ['shop'] },
    };
    const { status } = JSON.parse(
      await ask('/apis/authentication.k8s.io/v1/tokenreviews', { method: 'POST', body: review }),
    );
    expect(status).toMatchObject({
      authenticated: true,
      user: {
        username: 'system:serviceaccount:default:default',
        extra: { 'authentication.kubernetes.io/pod-name': ['volumes'] },
      },
    });
  });

  test('let a port of a pod be forwarded', async () => {
    const forward = await kubectlCommand('port-forward', 'service/echo', '18080:80');
    const answer = await (await session(master)).run(
      `${forward} >/dev/null & forward=$!
      for look in $(seq 200); do curl -sf -m 5 http://127.0.0.1:18080/ && break; sleep 0.2; done
      kill $forward`,
      { timeoutMs: 120_000 },
    );
    expect(answer).toMatch(/^echo-\S+ answers GET/);
  });

  test('answer on the host at the address that a Service of type LoadBalancer gets', async () => {
    await provider.services!.setNodes([first, second]);
    const services = '/api/v1/namespaces/default/services';
    const give = async (name: string, spec: object) =>
      await ask(services, {
        method: 'POST',
        body: {
          metadata: { name },
          spec: { type: 'LoadBalancer', selector: labels, ports: [{ port: 80, targetPort: 8080 }], ...spec },
        },
      });
    const shows = async (name: string) =>
      (await get(`${services}/${name}`)).status.loadBalancer.ingress?.[0].ip;
    const hosts = (await provider.services!.range()).replace(/\d+\/26$/, '');
    await give('other', { loadBalancerClass: 'example.com/other' });
    await give('here', {});
    await give('there', { loadBalancerIP: `${hosts}250` });
    const here = await until('an address', () => shows('here'));
    expect(here).toBe(`${hosts}193`);
    expect(await until('another', () => shows('there'))).toBe(`${hosts}250`);
    for (const ip of [here, `${hosts}250`]) {
      const answer = await until(`${ip} to answer`, async () => {
        const response = await fetch(`http://${ip}/`, { headers: { connection: 'close' } });
        return response.ok ? await response.text() : undefined;
      });
      expect(answer).toMatch(/^echo-\S+ answers GET/);
    }
    expect(await shows('other')).toBeUndefined();
    const record = '/api/v1/namespaces/kube-system/configmaps/haup-service-addresses';
    expect(Object.keys((await get(record)).data).sort()).toEqual([`${hosts}193`, `${hosts}250`]);
    await ask(`${services}/there`, { method: 'DELETE' });
    await ask(`${services}/other`, { method: 'DELETE' });
    await until('the address to be given back', async () =>
      Object.keys((await get(record)).data).join() === `${hosts}193` ? true : undefined,
    );
  });

  test('answer where a pod is, and see who asks, where a Service wants that', async () => {
    const services = '/api/v1/namespaces/default/services';
    const only = { app: 'only' };
    await makePod('only', ['serve'], { labels: only });
    await until('its pod to be ready', async () => isReady(await podStatus('only')) || undefined);
    const spec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', selector: only };
    await ask(services, {
      method: 'POST',
      body: { metadata: { name: 'only' }, spec: { ...spec, ports: [{ port: 80, targetPort: 8080 }] } },
    });
    const ip = await until(
      'an address',
      async () => (await get(`${services}/only`)).status.loadBalancer.ingress?.[0].ip,
    );
    // The other node has no pod of it: what went there would be lost.
    const answers = await until('twelve new connections in a row to be answered', async () => {
      const said: string[] = [];
      for (let count = 0; count < 12; count++) said.push(await overNewConnection(ip));
      return said;
    });
    const host = ip.replace(/\d+$/, '1');
    for (const answer of answers) expect(answer).toContain(`only answers GET / to ${host}:`);
    await ask(`${services}/only`, { method: 'DELETE' });
    await ask(`${pods}/only`, { method: 'DELETE' });
  });

  test.runIf(measuring)('say what they and their pods take', async () => {
    const top = async (...of: string[]) =>
      await until(`kubectl top ${of.join(' ')}`, () => kubectl('top', ...of).catch(() => undefined));
    const measured = await until('all nodes to be measured', async () => {
      const said = await top('nodes', '--no-headers');
      return /unknown/.test(said) ? undefined : said;
    });
    const takes = '\\s+\\d+m\\s+\\d+%\\s+\\d+Mi\\s+\\d+%\\s*';
    expect(measured).toMatch(new RegExp(`^${first}${takes}\\n${second}${takes}$`));
    expect(await top('pods', '-l', 'app=echo')).toMatch(/^NAME\s.*\necho-\S+\s+\d+m\s+\d+Mi/);
  });

  /** One that nobody uses and haup did not bring, on the second node. */
  async function bringGarbage(): Promise<void> {
    const name = 'haup.local/garbage:1';
    const garbage: Image = { name, architecture: hostArchitecture(), layers: [imageLayer([])] };
    const node = await session(second);
    await node.run('/opt/haup/bin/ctr -n k8s.io images import -', { input: imageArchive(garbage) });
    await until('the image to be known', async () =>
      (await imagesOnSecond()).some((image) => image[0] === name) ? true : undefined,
    );
  }

  /** Names, and whether they are pinned. */
  async function imagesOnSecond(): Promise<[string, boolean][]> {
    const crictl = '/opt/haup/bin/crictl --runtime-endpoint unix:///run/containerd/containerd.sock';
    const said = await (await session(second)).run(`${crictl} images -o json`);
    const all = JSON.parse(said).images as { repoTags: string[]; pinned: boolean }[];
    return all
      .map(({ repoTags, pinned }): [string, boolean] => [repoTags[0]!, pinned])
      .filter(([name]) => !name.includes('metrics-server'))
      .sort();
  }

  const brought = [PAUSE_IMAGE, ECHO_IMAGE, COREDNS_IMAGE]
    .map((name): [string, boolean] => [name, true])
    .sort();

  test('lose images that nobody uses, and never those that haup brought', async () => {
    await bringGarbage();
    const crictl = '/opt/haup/bin/crictl --runtime-endpoint unix:///run/containerd/containerd.sock';
    await (await session(second)).run(`${crictl} rmi --prune`);
    expect(await imagesOnSecond()).toEqual(brought);
  });

  test.runIf(whole)(
    'have such images deleted by their kubelet, when it takes the disk for full',
    async () => {
      await bringGarbage();
      const node = await session(second);
      const file = configPath('kubelet.yaml');
      // The default is 85 %, and two minutes; it looks every five minutes.
      const full = 'imageGCHighThresholdPercent: 1\nimageGCLowThresholdPercent: 0\nimageMinimumGCAge: 1s\n';
      await node.run(`cp ${file} /root/kept.yaml; printf '${full}' >>${file}; systemctl restart kubelet`);
      await waitFor(async () => (`${await imagesOnSecond()}` === `${brought}` ? true : undefined), {
        what: 'the kubelet to delete the image',
        timeoutMs: 480_000,
      });
      const log = await node.run("journalctl -q -u kubelet -o cat | grep 'over the high threshold'");
      expect(log).toContain('highThreshold=1');
      await node.run(`mv /root/kept.yaml ${file}; systemctl restart kubelet`);
    },
    600_000,
  );

  test('are drained of pods that may go, and a budget that lets none go is named', async () => {
    const budget = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
    await ask(budget, {
      method: 'POST',
      body: { metadata: { name: 'all' }, spec: { minAvailable: 4, selector: { matchLabels: labels } } },
    });
    await until('the budget to be counted', async () =>
      (await get(`${budget}/all`)).status?.expectedPods === 4 ? true : undefined,
    );
    const api = await admin();
    const blockers = await whatBlocks(api, second);
    expect(blockers.map(({ namespace, budget }) => [namespace, budget])).toEqual([
      ['default', 'all'],
      ['default', 'all'],
    ]);
    await expect(drain(async () => api, second, { timeoutMs: 0, force: false })).rejects.toThrow(
      new RegExp(`${second} could not be drained: default/echo-\\S+ \\(disruption budget all\\)`),
    );
    expect((await listNodes(api)).map(({ cordoned }) => cordoned)).toEqual([false, true]);
    await ask(`${budget}/all`, { method: 'DELETE' });
    // Zones must be even: the pods that leave wait for a place until the node is back.
    await drain(async () => api, second, { timeoutMs: 60_000, force: false });
    // A pod that has ended is gone for the drain, and for the API a moment later.
    await until('the pods to be gone', async () => {
      const left = await get(`/api/v1/pods?fieldSelector=spec.nodeName%3D${second}`);
      return left.items.length === 0 || undefined;
    });
    await setCordoned(api, second, false);
  });

  test('lose their power', async () => {
    const api = await admin();
    await setCordoned(api, first, true);
    const tolerations = ['not-ready', 'unreachable'].map((taint) => ({
      key: `node.kubernetes.io/${taint}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 2,
    }));
    const app = { app: 'mover' };
    const containers = [{ name: 'echo', image: ECHO_IMAGE }];
    await ask('/apis/apps/v1/namespaces/default/deployments', {
      method: 'POST',
      body: {
        metadata: { name: 'mover' },
        spec: {
          selector: { matchLabels: app },
          template: { metadata: { labels: app }, spec: { tolerations, containers, nodeSelector: ownLabels } },
        },
      },
    });
    await moverOn(second);
    await setCordoned(api, first, false);
    pool.drop(second);
    await provider.fault!('power-off', second);
  });

  // The rest happens while the controller manager makes sure that the second node is gone, which takes it 50 s.

  test('notice within seconds that the API no longer answers on a connection that is open', async () => {
    const node = await session(first);
    const connections = async () => {
      const said = await node.run(`ss -Htnp state established dst ${apiAddress}`);
      const ports = (program: string) =>
        said
          .split('\n')
          .filter((line) => line.includes(`"${program}"`))
          .map((line) => /:(\d+)\s/.exec(line)![1]!);
      return { kubelet: ports('kubelet'), 'kube-proxy': ports('kube-proxy') };
    };
    const before = await connections();
    const cut = [...before.kubelet, ...before['kube-proxy']].join(', ');
    // As when the master that has them is dead: they get no answer, and others are led to one that lives.
    await node.run(`nft -f - <<'END'
      table ip cut {
        chain out { type filter hook output priority -200; ip daddr ${apiAddress} tcp sport { ${cut} } drop; }
        chain in { type filter hook input priority -200; ip saddr ${apiAddress} tcp dport { ${cut} } drop; }
      }
END`);
    const began = performance.now();
    await until('kubelet and kube-proxy to have other connections', async () => {
      const now = await connections();
      const isNew = (program: keyof typeof now) =>
        now[program].length > 0 && now[program].every((port) => !before[program].includes(port));
      return (isNew('kubelet') && isNew('kube-proxy')) || undefined;
    });
    // With Kubernetes' own settings it takes up to 45 s, with haup's 8.
    process.stdout.write(`a dead connection was noticed after ${Math.round(performance.now() - began)} ms\n`);
    await node.run('nft delete table ip cut');
    expect((await listNodes(await admin())).find(({ name }) => name === first)?.ready).toBe('ready');
  });

  test('may have somebody else’s network', async () => {
    await makeMachine(third, 'node', 'local-a');
    const effect = 'NoSchedule' as const;
    const taints = [{ key: 'example.com/other', effect }];
    const config: NodeConfig = { ...(await nodeConfig(third)), cni: 'none', labels: {}, taints };
    const s = await session(third);
    await provisionNode(s, config);
    const api = await admin();
    await joinNode(s, api, { ...config, caPem: config.pki.caPem }, images);
    const seen = async () => (await listNodes(api)).find(({ name }) => name === third)!;
    expect(await seen()).toMatchObject({
      ready: 'unready',
      problem: expect.stringContaining('NetworkPluginNotReady'),
    });
    expect(await s.run('nft list ruleset')).not.toContain('masquerade to');
    // What the pods of its DaemonSet would do.
    const ipam = { type: 'other-local', dataDir: '/run/other', ranges: [[{ subnet: '10.99.7.0/24' }]] };
    const plugin = { type: 'other-ptp', ipMasq: false, ipam };
    const network = JSON.stringify({ cniVersion: '1.0.0', name: 'other', plugins: [plugin] });
    await s.run(
      `mkdir -p /opt/cni/bin /etc/cni/net.d
      cp /opt/haup/bin/ptp /opt/cni/bin/other-ptp && cp /opt/haup/bin/host-local /opt/cni/bin/other-local
      cat >/etc/cni/net.d/05-other.conflist`,
      { input: network },
    );
    await until(`${third} to be Ready`, async () => (await seen()).ready === 'ready' || undefined);
    await makePod('elsewhere', ['wait'], {
      spec: { nodeName: third, tolerations: [{ operator: 'Exists' }] },
    });
    await until('its pod to be ready', async () => isReady(await podStatus('elsewhere')) || undefined);
    expect((await get(`${pods}/elsewhere`)).status.podIP).toMatch(/^10\.99\.7\./);
  });

  test('that cannot start say why, in the words of the part that cannot', async () => {
    await makeMachine(fourth, 'node', 'local-a');
    const s = await session(fourth);
    const broken = async (change: string) => {
      const config = await nodeConfig(fourth);
      await provisionNode(s, config);
      await s.run(`cd /etc/haup/current/config && ${change}`);
      return joinNode(s, await admin(), { ...config, caPem: config.pki.caPem }, images).then(
        () => 'joined',
        (error) => String(error),
      );
    };
    const says = (unit: string, words: string) =>
      new RegExp(`could not start the node: ${unit} has ended 5 times. ${unit} says:\\n.*${words}`);
    expect(await broken('echo "cgroupRoot: /none" >>kubelet.yaml')).toMatch(
      says('kubelet.service', 'cgroup .*none.* missing'),
    );
    // All machines here have the host's clock, so what reads it is told another time.
    await s.run('cat >/usr/local/bin/date && chmod +x /usr/local/bin/date', {
      input: '#!/bin/sh\nexec /usr/bin/date -d "1 hour ago" "$@"\n',
    });
    expect((await inspectNode(s, { uid, name: fourth })).clockAheadSeconds).toBeLessThan(-3500);
    const late = await broken('echo none >../pki/kubelet.crt');
    expect(late).toMatch(says('kubelet.service', 'certificate.*failed to find any PEM data'));
    expect(late).toMatch(/; its clock is 60 min behind the operator's$/);
    pool.drop(fourth);
    await provider.machines.delete(fourth);
    // Its kubelet started again and again, and once may have done so between the good configuration and the change to it.
    await deleteNode(await admin(), fourth);
  });

  test('of any make join by kubeadm', async () => {
    await makeMachine(fourth, 'node', 'local-a');
    const config = await nodeConfig(fourth);
    const s = await session(fourth);
    await provisionNode(s, config);
    const inMounts = '/bin/sh /etc/haup/current/config/in-node-mounts.sh';
    // A kubelet as kubeadm's own package has it, but for what this kind of machine needs.
    const flags = '--fail-cgroupv1=false --fail-swap-on=false $KUBELET_KUBEADM_ARGS';
    const unit = `[Service]
Type=exec
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=
ExecStart=${inMounts} /opt/haup/bin/kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml ${flags}
`;
    await s.pushFiles(
      [
        { path: '/usr/local/bin/kubeadm', content: await readFile(await kubeadm()), mode: 0o755 },
        { path: '/etc/systemd/system/kubelet.service.d/kubeadm.conf', content: unit, mode: 0o644 },
      ],
      { timeoutMs: 120_000 },
    );
    await s.run(
      'systemctl daemon-reload && systemctl enable -q --now node-mounts containerd && systemctl enable -q kubelet',
    );
    const api = await admin();
    const { command } = await makeJoinCommand(api, { minutes: 10 });
    await s.run(
      `export PATH=/opt/haup/bin:$PATH
      echo 1 >/proc/sys/net/ipv4/ip_forward
      ${inMounts} $(cat) --node-name ${fourth} --ignore-preflight-errors=SystemVerification,Swap`,
      { input: command, timeoutMs: 180_000 },
    );
    const node = await until(`${fourth} to have a range`, async () => {
      const found = (await listNodes(api)).find(({ name }) => name === fourth);
      return found?.podCidr ? found : undefined;
    });
    expect(node).toMatchObject({ version: 'v1.37.1', internalIp: config.internalIp });
    await connectPods(s, node.podCidr!);
    await until(`${fourth} to be Ready`, async () =>
      (await listNodes(api)).some(({ name, ready }) => name === fourth && ready === 'ready')
        ? true
        : undefined,
    );
  });
  test('that lost their power lose their pods to others, in the time that tolerations say, and come back with the same range', async () => {
    const before = (await listNodes(await admin())).find(({ name }) => name === second)!.podCidr;
    await moverOn(first);
    // Nobody is sent to the pods of a node that is silent, and new connections come by the other node.
    const { ip } = (await get('/api/v1/namespaces/default/services/here')).status.loadBalancer.ingress[0];
    for (let n = 0; n < 5; n++) {
      const response = await fetch(`http://${ip}/`, {
        headers: { connection: 'close' },
        signal: AbortSignal.timeout(10_000),
      });
      expect(response.status).toBe(200);
    }
    await provider.machines.start(second);
    await until(`${second} to run pods again`, async () => {
      const { items } = await get(`${pods}?labelSelector=app%3Decho&fieldSelector=spec.nodeName%3D${second}`);
      const ready = items.filter((pod: { status: PodStatus }) => isReady(pod.status));
      return ready.length === 2 ? true : undefined;
    });
    const after = (await listNodes(await admin())).find(({ name }) => name === second)!;
    expect(after.podCidr).toBe(before);
  });

  test('leave for good: machine, then Node object', async () => {
    const api = await admin();
    await drain(async () => api, second, { timeoutMs: 60_000, force: true });
    pool.drop(second);
    await provider.machines.delete(second);
    await deleteNode(api, second);
    await deleteNode(api, second);
    expect((await listNodes(api)).map(({ name }) => name)).not.toContain(second);
  });
});
