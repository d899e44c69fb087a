import { request } from 'node:https';
import { beforeAll, describe, expect, test } from 'vitest';
import { openLoop, summarize } from '../../src/drill/clients/load.ts';
import { type ApiClient, callApi } from '../../src/kubernetes/client.ts';
import { waitFor } from '../../src/util/wait.ts';
import { forge } from '../unit/pki/world.ts';
import { clientsFirst } from './support/clients-first.ts';
import { adminOf, useClusters } from './support/clusters.ts';
import { haup, startHaup, status, tryHaup } from './support/haup.ts';
import { onMachine } from './support/inside.ts';
import { prepareForClients } from './support/many-clients.ts';
import { unnoticed } from './support/unnoticed.ts';

/** Every authority and key of three masters, which takes five rolls: `npm run test:rotate`. */
const wanted = process.env.HAUP_TEST_ROTATE === '1';
const CLUSTER = 'e2e-rotate';
const PKI = '/etc/haup/current/pki';
const SECRETS = '/api/v1/namespaces/clients/secrets';
if (wanted) useClusters(CLUSTER);
if (wanted) beforeAll(clientsFirst);

describe.runIf(wanted)('three masters under clients', () => {
  let old: ApiClient;
  let masters: string[];
  /** What somebody has taken away before: a token, an etcd client's identity, the root for kubelets, the key of the encryption. */
  let taken: { token: string; etcd: string; forged: ApiClient; encryption: string };

  const read = async (path: string): Promise<string> =>
    (await onMachine(CLUSTER, masters[0]!, `cat ${path}`)).stdout;

  beforeAll(async () => {
    await haup('create', '-c', CLUSTER, '--zones', 'local-a,local-b,local-c', '--multizone');
    old = await adminOf(CLUSTER);
    await prepareForClients(old);
    masters = (await status(CLUSTER)).replicas.map(({ name }) => name);
    for (let i = 0; i < 20; i++)
      await post(old, SECRETS, { metadata: { name: `s${i}` }, stringData: { i: String(i) } });
    taken = await take();
    expect(await opened(old)).toEqual({ admin: 200, forged: 200, token: 403, etcd: 'true' });
  });

  /** As somebody does who was on a master, and had an administrator's kubeconfig. */
  async function take(): Promise<typeof taken> {
    const asked = {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      spec: { expirationSeconds: 7200 },
    };
    const account = '/api/v1/namespaces/clients/serviceaccounts/default';
    await waitFor(
      async () => (await callApi(old, { path: account, timeoutMs: 10_000 })).status === 200 || undefined,
      { what: 'the service account of the namespace', timeoutMs: 60_000 },
    );
    const { status: got } = await post(old, `${account}/token`, asked);
    const root = {
      certPem: await read(`${PKI}/kubelet-client-ca.crt`),
      keyPem: await read(`${PKI}/kubelet-client-ca.key`),
    };
    const identity = await forge(root, {
      subject: { commonName: 'forged', organization: 'system:masters' },
      extendedKeyUsage: ['clientAuth'],
      sans: [],
    });
    return {
      token: got.token!,
      etcd: `${await read(`${PKI}/etcd/client.crt`)}${await read(`${PKI}/etcd/client.key`)}`,
      forged: { ...old, ...identity },
      encryption: /secret: (\S+)/.exec(await read('/etc/haup/current/config/encryption.yaml'))![1]!,
    };
  }

  /** What each of them gets: of the token 403 says that it is known who asks, 401 that it is not. */
  async function opened(trust: ApiClient) {
    const file = '/root/taken.pem';
    const script = `umask 077; cat >${file} <<'END'\n${taken.etcd}END
      curl -s --cacert ${PKI}/etcd/ca.crt --cert ${file} --key ${file} https://127.0.0.1:2379/health; rm ${file}`;
    const health = (await onMachine(CLUSTER, masters[0]!, script)).stdout;
    const { caPem } = trust;
    return {
      admin: await answerTo({ ...old, caPem }),
      forged: await answerTo({ ...taken.forged, caPem }),
      token: await answerToToken(trust, taken.token),
      etcd: /"health":"(\w+)"/.exec(health)?.[1] ?? 'nothing',
    };
  }

  test('rotate all, and nobody notices', () => unnoticed(old, 'begin', ['rotate', CLUSTER, 'all']));

  test('who has to act is named, and nothing is given up before', async () => {
    const { rotations } = await status(CLUSTER);
    expect(rotations.map(({ what, phase }) => `${what} ${phase}`)).toEqual([
      'ca new',
      'kubelet-signing new',
      'service-account new',
    ]);
    expect(rotations[0]!.users).toEqual([expect.stringContaining('a kubeconfig of haup-admin')]);
    const refused = await tryHaup(['rotate', '-c', CLUSTER, '--finish', 'all']);
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('haup-admin')]);
    expect(await opened(old)).toEqual({ admin: 200, forged: 200, token: 403, etcd: 'nothing' });
  });

  test('rotate all --finish, and nobody who has a new kubeconfig notices', async () => {
    await unnoticed(await adminOf(CLUSTER), 'finish', ['rotate', CLUSTER, '--finish', '--force', 'all']);
  });

  test('the old ones open nothing', async () => {
    const last = await adminOf(CLUSTER);
    expect((await status(CLUSTER)).rotations).toEqual([]);
    expect(await opened(last)).toEqual({ admin: 401, forged: 401, token: 401, etcd: 'nothing' });
    await expect(answerTo(old)).rejects.toThrow();
    const { text } = await callApi(last, { path: SECRETS, timeoutMs: 10_000 });
    expect((JSON.parse(text) as { items: unknown[] }).items).toHaveLength(20);
    const etcdctl = `/opt/haup/bin/etcdctl --endpoints https://127.0.0.1:2379 --cacert ${PKI}/etcd/ca.crt \
      --cert ${PKI}/etcd/client.crt --key ${PKI}/etcd/client.key`;
    for (const name of masters) {
      const config = (await onMachine(CLUSTER, name, 'cat /etc/haup/current/config/encryption.yaml')).stdout;
      expect(config).toContain('key2');
      expect(config).not.toContain(taken.encryption);
    }
    const under = async (key: string): Promise<number> => {
      const count = `${etcdctl} get --prefix /registry/secrets/ --print-value-only | grep -ac k8s:enc:secretbox:v1:${key}:`;
      return Number((await onMachine(CLUSTER, masters[0]!, count)).stdout);
    };
    expect(await under('key1')).toBe(0);
    expect(await under('key2')).toBeGreaterThanOrEqual(20);
  });

  test('--replace takes a master away first, and what was on it opens nothing, while the API answers', async () => {
    old = await adminOf(CLUSTER);
    taken = await take();
    expect(await opened(old)).toEqual({ admin: 200, forged: 200, token: 403, etcd: 'true' });
    const name = masters.at(-1)!;
    const answers = openLoop(10, () => expectReady(old));
    const began = Date.now();
    const ended = await startHaup(['rotate', '-c', CLUSTER, '--replace', name, '--finish', '--force', 'all'])
      .ended;
    const seconds = Math.round((Date.now() - began) / 1000);
    const { requests, failures, longestGap } = summarize(await answers.stop());
    process.stdout.write(
      `figure: --replace: ${seconds} s; ${failures.length}/${requests} failed, longest gap ${longestGap} ms\n`,
    );
    expect([ended.code, ended.code === 0 ? '' : ended.stderr]).toEqual([0, '']);
    expect(failures).toEqual([]);
    const now = await status(CLUSTER);
    expect(now).toMatchObject({ converged: true, rotations: [], etcd: { healthy: 3 } });
    masters = now.replicas.map((replica) => replica.name);
    expect(masters).not.toContain(name);
    expect(await opened(await adminOf(CLUSTER))).toEqual({
      admin: 401,
      forged: 401,
      token: 401,
      etcd: 'nothing',
    });
    for (const master of masters) {
      const config = (await onMachine(CLUSTER, master, 'cat /etc/haup/current/config/encryption.yaml'))
        .stdout;
      expect(config).not.toContain(taken.encryption);
    }
  });
});

async function post(api: ApiClient, path: string, body: object): Promise<{ status: { token?: string } }> {
  const { status: code, text } = await callApi(api, { method: 'POST', path, body, timeoutMs: 10_000 });
  expect(code).toBe(201);
  return JSON.parse(text) as { status: { token?: string } };
}

/** Over a new connection, by somebody who believes anybody: who is believed changes meanwhile. */
function expectReady({ ip: host, port }: ApiClient): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host, port, path: '/readyz', rejectUnauthorized: false, agent: false, timeout: 10_000 },
      (answer) => {
        answer.resume();
        answer.on('end', () =>
          answer.statusCode === 200 ? resolve() : reject(new Error(`answered ${answer.statusCode}`)),
        );
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')));
    outgoing.on('error', reject);
    outgoing.end();
  });
}

async function answerTo(api: ApiClient): Promise<number> {
  return (await callApi(api, { path: '/api/v1/secrets', timeoutMs: 10_000 })).status;
}

function answerToToken({ ip, port, caPem: ca }: ApiClient, token: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const outgoing = request(
      { host: ip, port, path: '/api/v1/secrets', ca, headers, agent: false },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}
