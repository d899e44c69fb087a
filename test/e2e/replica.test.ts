import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cacheFolder } from '../../src/artifacts/cache.ts';
import { ensureBinaries } from '../../src/artifacts/ensure.ts';
import { etcdClient } from '../../src/etcd/client.ts';
import { addLearner, promote } from '../../src/etcd/membership.ts';
import { type ApiClient, callApi } from '../../src/kubernetes/client.ts';
import { type Authorities, createAuthorities } from '../../src/pki/authorities.ts';
import { issueClient } from '../../src/pki/issue.ts';
import { createKubeletAuthorities, type KubeletAuthorities } from '../../src/pki/kubelet-authorities.ts';
import { issueReplica } from '../../src/pki/replica.ts';
import { open } from '../../src/providers/local/index.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { newEncryptionKey } from '../../src/replicas/config.ts';
import {
  bootstrapEtcd,
  startControlPlane,
  startEtcd,
  stopApiServer,
  stopControllers,
  stopEtcd,
} from '../../src/replicas/lifecycle/lifecycle.ts';
import { provision } from '../../src/replicas/provision/provision.ts';
import { type Inside, inspect } from '../../src/replicas/revision/inspect.ts';
import { waitFor } from '../../src/util/wait.ts';
import { bareMachines } from './support/bare-machines.ts';

/** One cluster of two replicas, made by hand from the replica's own parts, on real machines. */
const cluster = 'e2e-replica';
const uid = 'e2e0e2e0e2e0e2e0';
const versions = { kubernetesVersion: 'v1.37.1', etcdVersion: 'v3.7.3' };
const apiPort = 443;
const serviceCidr = '10.96.0.0/16';
const first = `${cluster}-master`;
const second = `${cluster}-master-abc`;

const encryptionKeys = [{ name: 'key1', secret: newEncryptionKey() }];
let provider: Provider;
const { pool, machine, session, make: makeMachine } = bareMachines(() => provider);
let authorities: Authorities;
let kubelets: KubeletAuthorities;
let apiAddress: string;

async function provisionMachine(name: string): Promise<void> {
  const { internalIp } = await machine(name);
  const identity = { cluster, name, internalIp, apiAddress, apiPort, serviceCidr };
  const pki = await issueReplica(
    { ...identity, staticExternalIp: null, balancerDnsName: null, clusterDomain: 'cluster.local' },
    authorities,
    kubelets,
  );
  const { binaries } = provider;
  if (binaries.kind !== 'mounted') throw new Error('the local provider mounts its binaries');
  await provision(await session(name), {
    ...identity,
    ...versions,
    uid,
    pki,
    encryptionKeys,
    binaries,
    shutdownDelaySeconds: 2,
    requestTimeoutSeconds: 60,
    localRoute: false,
    serviceAddresses: null,
    clusterCidr: '10.244.0.0/16',
    addons: [],
  });
}

async function inside(name: string): Promise<Inside> {
  return inspect(await session(name), { uid, name, apiPort });
}

async function admin(): Promise<ApiClient> {
  const { certPem, keyPem } = await issueClient('admin', authorities);
  return { ip: apiAddress, port: apiPort, caPem: authorities.kubernetes.certPem, certPem, keyPem };
}

async function get(path: string): Promise<ReturnType<typeof JSON.parse>> {
  const answer = await callApi(await admin(), { path, timeoutMs: 5_000 });
  expect(answer.status, answer.text).toBe(200);
  return JSON.parse(answer.text);
}

async function holder(lease: string): Promise<string> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/${lease}`;
  return (await get(path)).spec.holderIdentity.replace(/_.*/, '');
}

async function endpoints(): Promise<{ addresses: unknown; slice: unknown }> {
  const { subsets } = await get('/api/v1/namespaces/default/endpoints/kubernetes');
  const slice = await get('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes');
  return {
    addresses: subsets?.flatMap((subset: { addresses: { ip: string }[] }) =>
      subset.addresses.map(({ ip }) => ip),
    ),
    slice: slice.endpoints?.flatMap((endpoint: { addresses: string[] }) => endpoint.addresses),
  };
}

async function destroy(): Promise<void> {
  for (const { name } of await provider.machines.list()) await provider.machines.delete(name);
  await provider.address.release();
  await provider.network.delete();
}

beforeAll(async () => {
  const { folder } = await ensureBinaries({ ...versions, environment: process.env });
  provider = open({
    cluster: { name: cluster, uid, region: 'local', zone: 'local-a', apiPort },
    settings: {},
    signal: new AbortController().signal,
    progress: () => {},
    binariesFolder: folder,
    cacheFolder: cacheFolder(process.env),
    environment: process.env,
  });
  await destroy();
  await provider.network.ensure();
  apiAddress = (await provider.address.reserve()).ip;
  authorities = await createAuthorities(cluster);
  kubelets = await createKubeletAuthorities(cluster);
  await makeMachine(first, 'master', 'local-a');
  await makeMachine(second, 'master', 'local-b');
});

afterAll(async () => {
  pool.close();
  await destroy();
  await provider.close();
});

describe('a replica', () => {
  const empty = {
    provisioned: false,
    etcdData: false,
    etcd: 'disabled',
    apiServer: 'disabled',
    controllers: 'disabled',
    certificateExpires: null,
    certificateSecondsLeft: null,
    certificateNames: [],
    revision: null,
    clockAheadSeconds: 0,
    storeRevision: null,
    freeKib: expect.objectContaining({ '/run': expect.any(Number) }),
    backup: null,
    staged: null,
    begun: null,
    change: null,
  };

  test('that is new says that nothing is on it', async () => {
    expect(await inside(first)).toEqual(empty);
  });

  test('with a full disk says so, is not provisioned, and holds no half of it', async () => {
    const s = await session(first);
    await s.run('mkdir -p /etc/haup && mount -t tmpfs -o size=60k tmpfs /etc/haup');
    await expect(provisionMachine(first)).rejects.toMatchObject({
      message: expect.stringMatching(/its disk is full: .*No space left on device/),
    });
    expect(await inside(first)).toEqual(empty);
    expect(await s.run('find /etc/haup -type f')).toBe('');
    await s.run('umount /etc/haup');
  });

  test('is provisioned without anything being started, again and again', async () => {
    await provisionMachine(first);
    await provisionMachine(first);
    expect(await inside(first)).toMatchObject({
      ...empty,
      provisioned: true,
      certificateExpires: expect.stringMatching(/^20/),
      certificateSecondsLeft: expect.any(Number),
      certificateNames: expect.arrayContaining(['kubernetes']),
      revision: expect.objectContaining({ kubernetesVersion: expect.stringMatching(/^v1/) }),
    });
    expect(await (await session(first)).run('ls /etc/haup/releases | wc -l')).toBe('1\n');
  });

  test('becomes a master', async () => {
    const { internalIp } = await machine(first);
    const once = await bootstrapEtcd(await session(first), { name: first, internalIp });
    const again = await bootstrapEtcd(await session(first), { name: first, internalIp });
    expect(again).toEqual(once);
    await startControlPlane(await session(first), { apiPort, admin, addons: async () => [] });
    await provider.address.handOver({ kind: 'machine', name: first });
    expect(await inside(first)).toMatchObject({
      provisioned: true,
      etcdData: true,
      etcd: 'running',
      apiServer: 'ready',
      controllers: 'running',
    });
    expect(await endpoints()).toEqual({ addresses: [apiAddress], slice: [apiAddress] });
  });

  test('runs nothing as root, and shows its secrets to nobody else', async () => {
    const s = await session(first);
    const names = 'etcd|kube-apiserver|kube-controller-manager|kube-scheduler';
    const owners = await s.run(`ps -eo user:32,comm | grep -E ' (${names}|kube-controller)' | sort | uniq`);
    expect(owners.split('\n').filter(Boolean).length).toBe(4);
    expect(owners).not.toMatch(/^root/m);
    expect(await s.run("find -L /etc/haup /var/lib/haup/etcd -type f -name '*.key' -perm /077")).toBe('');
    expect(await s.run('stat -c %a /var/lib/haup/etcd /var/log/haup/audit.log')).toBe('700\n600\n');
  });

  test('whose scheduler ends again and again is not ready, and the error shows its last words', async () => {
    const s = await session(first);
    const dropIn = '/etc/systemd/system/kube-scheduler.service.d';
    await s.run(
      `mkdir -p ${dropIn} && printf '[Service]\\nExecStart=\\nExecStart=/opt/haup/bin/kube-scheduler --no-such-flag\\n' >${dropIn}/break.conf && systemctl daemon-reload && systemctl restart kube-scheduler`,
    );
    await expect(startControlPlane(s, { apiPort, admin, addons: async () => [] })).rejects.toMatchObject({
      message: expect.stringMatching(
        /kube-scheduler\.service has ended 5 times[\s\S]*unknown flag: --no-such-flag/,
      ),
    });
    expect((await inside(first)).controllers).toBe('stopped');
    await s.run(`rm -r ${dropIn} && systemctl daemon-reload`);
    await startControlPlane(s, { apiPort, admin, addons: async () => [] });
    expect((await inside(first)).controllers).toBe('running');
  });

  test('joins another as a learner, and its API server serves', async () => {
    await provisionMachine(second);
    const tls = { caPem: authorities.etcd.certPem, ...(await issueClient('etcd-client', authorities)) };
    const connect = async () => (await session(first)).forward('127.0.0.1', 2379);
    const etcd = etcdClient({ member: first, connect, tls });
    const peerUrl = `https://${(await machine(second)).internalIp}:2380`;
    const { id } = await addLearner(etcd, peerUrl);
    const initialCluster = (await etcd.memberList()).map((m) => ({
      name: m.name || second,
      peerUrl: m.peerUrls[0]!,
    }));
    await startEtcd(await session(second), { name: second, memberId: id, initialCluster });
    await promote(etcd, id);
    await startControlPlane(await session(second), { apiPort, admin, addons: async () => [] });
    expect(await inside(second)).toMatchObject({
      etcd: 'running',
      apiServer: 'ready',
      controllers: 'running',
    });
  });

  test('gives its leases away when its controllers stop, and leaves the endpoints alone when its API server stops', async () => {
    expect(await holder('kube-controller-manager')).toBe(first);
    await provider.address.handOver({ kind: 'machine', name: second });
    pool.drop(first);
    const began = await session(first);
    await stopControllers(began);
    for (const lease of ['kube-controller-manager', 'kube-scheduler']) {
      // Shorter than the lease: nobody waited for it to run out.
      await waitFor(async () => ((await holder(lease)) === second ? true : undefined), {
        what: `${lease} to be ${second}'s`,
        timeoutMs: 12_000,
      });
    }
    const seen = new Set<string>();
    let stopped = false;
    const stopping = stopApiServer(began).then(() => {
      stopped = true;
    });
    while (!stopped) seen.add(JSON.stringify(await endpoints()));
    await stopping;
    seen.add(JSON.stringify(await endpoints()));
    expect([...seen]).toEqual([JSON.stringify({ addresses: [apiAddress], slice: [apiAddress] })]);
    expect(await inside(first)).toMatchObject({
      etcd: 'running',
      apiServer: 'disabled',
      controllers: 'disabled',
    });
  });

  test('comes back by itself with its data when it has lost its power', async () => {
    const body = { metadata: { name: 'keep' }, data: { word: 'kept' } };
    const path = '/api/v1/namespaces/default/configmaps';
    const made = await callApi(await admin(), { method: 'POST', path, body, timeoutMs: 5_000 });
    expect(made.status).toBe(201);
    pool.drop(second);
    await provider.fault!('power-off', second);
    await provider.machines.start(second);
    await waitFor(
      async () => {
        const now = await inside(second);
        return now.apiServer === 'ready' && now.controllers === 'running' ? true : undefined;
      },
      { what: `${second} to be ready`, timeoutMs: 120_000 },
    );
    await provider.address.handOver({ kind: 'machine', name: second });
    expect((await get(`${path}/keep`)).data).toEqual({ word: 'kept' });
    expect(await inside(first)).toMatchObject({ apiServer: 'disabled', controllers: 'disabled' });
  });

  test('stays stopped once it was stopped, and its etcd can be started anew as the member it was', async () => {
    await stopEtcd(await session(first));
    await stopEtcd(await session(first));
    expect(await inside(first)).toMatchObject({ etcd: 'disabled', etcdData: true });
    const memberId = (await (await session(first)).run('cat /var/lib/haup/etcd-member-id')).trim();
    const peerUrl = `https://${(await machine(first)).internalIp}:2380`;
    const options = { name: first, memberId, initialCluster: [{ name: first, peerUrl }] };
    await startEtcd(await session(first), options);
    expect((await inside(first)).etcd).toBe('running');
  });
});
