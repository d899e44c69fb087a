import { readFileSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cachedBinaries, cacheFolder } from '../../src/artifacts/cache.ts';
import { hostArchitecture } from '../../src/artifacts/sources.ts';
import { type ApiClient, callApi } from '../../src/kubernetes/client.ts';
import { type ExecResult, tryExec } from '../../src/util/exec.ts';
import { waitFor } from '../../src/util/wait.ts';
import { whole } from '../support/whole.ts';
import { forge } from '../unit/pki/world.ts';
import { checks, lookAt, type Master, readTable } from './support/cis.ts';
import { adminOf, useClusters } from './support/clusters.ts';
import { haup, status } from './support/haup.ts';
import { onMachine } from './support/inside.ts';

/** What docs/security.md says of a master, asked of one that runs. */
const CLUSTER = 'e2e-cis';
const MASTER = `${CLUSTER}-master`;
const PKI = '/etc/haup/current/pki';
const rows = readTable(readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8'));
useClusters(CLUSTER);

let master: Master;
let api: ApiClient;
const run = (script: string): Promise<ExecResult> => onMachine(CLUSTER, MASTER, script);
const stolen = async (file: string): Promise<string> => (await run(`cat ${PKI}/${file}`)).stdout;
beforeAll(async () => {
  await haup('create', '-c', CLUSTER);
  api = await adminOf(CLUSTER);
  master = await lookAt(run);
});

async function stolenAuthority(name: string): Promise<{ certPem: string; keyPem: string }> {
  return { certPem: await stolen(`${name}.crt`), keyPem: await stolen(`${name}.key`) };
}

describe('the CIS benchmark', () => {
  test('has every check in the table of docs/security.md, each exception with its reason', () => {
    expect(rows.map(({ id }) => id)).toEqual(Object.keys(checks));
    for (const { id, here, why } of rows) {
      expect(['pass', 'no'], id).toContain(here);
      if (here === 'no') expect(why.length, id).toBeGreaterThan(5);
    }
  });

  test.each(rows)('$id ($asks): $here', async ({ id, here }) => {
    expect(await checks[id]!(master)).toBe(here === 'pass');
  });
});

describe('an administrator, signed with what a master holds,', () => {
  async function administrator(authority: string): Promise<ApiClient> {
    const { certPem, keyPem } = await forge(await stolenAuthority(authority), {
      subject: { commonName: 'forged', organization: 'system:masters' },
      extendedKeyUsage: ['clientAuth'],
      sans: [],
    });
    return { ...api, certPem, keyPem };
  }
  const secrets = async (client: ApiClient): Promise<number> =>
    (await callApi(client, { path: '/api/v1/secrets', timeoutMs: 10_000 })).status;

  test('is nobody to the API server by the root for serving certificates', async () => {
    expect(await secrets(await administrator('kubelet-serving-ca'))).toBe(401);
  });

  test('is believed by the API server by the root for client certificates, until that is taken from the bundle', async () => {
    const forged = await administrator('kubelet-client-ca');
    // What remains, as docs/security.md says.
    expect(await secrets(forged)).toBe(200);
    await run(`cp ${PKI}/client-ca.crt /root/kept.crt && cat ${PKI}/ca.crt >${PKI}/client-ca.crt`);
    await waitFor(async () => ((await secrets(forged)) === 401 ? true : undefined), {
      what: 'the API server to forget the root',
      timeoutMs: 120_000,
    });
    expect(await secrets(api)).toBe(200);
    await run(`cat /root/kept.crt >${PKI}/client-ca.crt`);
  });

  test('is not on the machine ready-made', async () => {
    const subjects = await run(
      `for f in $(find -L ${PKI} -name '*.crt'); do openssl x509 -noout -subject -in $f; done
       for f in ${PKI}/*.conf; do sed -n 's/.*client-certificate-data: //p' $f | base64 -d | openssl x509 -noout -subject; done`,
    );
    expect(subjects.stdout.split('\n').length).toBeGreaterThan(15);
    expect(subjects.stdout).not.toContain('system:masters');
  });
});

describe('a false API server', () => {
  /** kubectl with the operator's kubeconfig, sent to a server that shows this certificate. */
  async function kubectlAt(certPem: string, keyPem: string): Promise<ExecResult> {
    const server = createServer({ cert: certPem, key: keyPem }, (_, answer) => void answer.end('ok'));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const config = join(await mkdtemp(join(tmpdir(), 'haup-e2e-')), 'config');
    await writeFile(config, await haup('kubeconfig', '-c', CLUSTER), { mode: 0o600 });
    const { versions } = await release();
    const kubectl = join(cachedBinaries(cacheFolder(process.env), versions), 'kubectl');
    const { port } = server.address() as AddressInfo;
    try {
      const at = `--server=https://127.0.0.1:${port}`;
      return await tryExec(kubectl, ['--kubeconfig', config, at, 'get', '--raw', '/readyz']);
    } finally {
      server.close();
    }
  }
  const release = async () => {
    const { kubernetesVersion, etcdVersion } = await status(CLUSTER);
    return { versions: { kubernetesVersion, etcdVersion, arch: hostArchitecture() } };
  };

  test('that ca.crt vouches for would be believed by kubectl: the test can tell', async () => {
    const real = await kubectlAt(await stolen('apiserver.crt'), await stolen('apiserver.key'));
    expect([real.code, real.stdout]).toEqual([0, 'ok']);
  });

  test.each(['kubelet-client-ca', 'kubelet-serving-ca'])(
    'signed with %s.key is refused by kubectl',
    async (name) => {
      const authority = await stolenAuthority(name);
      const { certPem, keyPem } = await forge(authority, { sans: ['127.0.0.1'] });
      const { code, stderr } = await kubectlAt(certPem + authority.certPem, keyPem);
      expect(code).not.toBe(0);
      expect(stderr).toMatch(
        /x509: certificate (signed by unknown authority|specifies an incompatible key usage)/,
      );
    },
  );
});

describe('the identities on a master', () => {
  const may = async (user: string, attributes: object): Promise<boolean> => {
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user, resourceAttributes: attributes },
    };
    const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
    const answer = await callApi(api, { method: 'POST', path, body, timeoutMs: 10_000 });
    return (JSON.parse(answer.text) as { status: { allowed: boolean } }).status.allowed;
  };
  const lease = (name: string) => ({
    group: 'coordination.k8s.io',
    resource: 'leases',
    namespace: 'kube-system',
    verb: 'patch',
    name,
  });
  const secrets = { resource: 'secrets', namespace: 'kube-system', verb: 'get' };

  test.each([
    ['kube-apiserver-kubelet-client', { resource: 'nodes', subresource: 'log', verb: 'get' }],
    ['haup:endpoints', { resource: 'endpoints', namespace: 'default', name: 'kubernetes', verb: 'patch' }],
    ['haup:service-addresses', { resource: 'services', subresource: 'status', verb: 'patch' }],
    ['haup:lease:kube-scheduler', lease('kube-scheduler')],
    ['haup:lease:kube-controller-manager', lease('kube-controller-manager')],
  ])('%s may do its work, and read no Secret', async (user, work) => {
    await waitFor(async () => (await may(user, work)) || undefined, {
      what: `${user} to have its right`,
      timeoutMs: 60_000,
    });
    expect(await may(user, secrets)).toBe(false);
  });

  test('may not do each other’s work, nor change what haup gave them', async () => {
    expect(await may('haup:lease:kube-scheduler', lease('kube-controller-manager'))).toBe(false);
    expect(
      await may('haup:endpoints', { resource: 'endpoints', namespace: 'default', name: 'x', verb: 'patch' }),
    ).toBe(false);
    const roles = { group: 'rbac.authorization.k8s.io', resource: 'clusterroles', verb: 'patch' };
    expect(await may('haup:addons', { ...roles, name: 'haup:addons' })).toBe(false);
    expect(await may('haup:addons', secrets)).toBe(false);
  });

  test('get a right back that somebody has deleted', async () => {
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/haup:kubelet-client';
    expect((await callApi(api, { method: 'DELETE', path, timeoutMs: 10_000 })).status).toBe(200);
    // Its next round is a minute away; a round is the same when it begins now.
    if (!whole) await run('systemctl restart haup-addons');
    await waitFor(
      async () => ((await callApi(api, { path, timeoutMs: 10_000 })).status === 200 ? true : undefined),
      { what: 'the binding to be back', timeoutMs: 180_000 },
    );
  });

  test('patch nothing while all is as it should be', async () => {
    const patches = async (): Promise<string> =>
      (await run(`grep '"username":"haup:endpoints"' /var/log/haup/audit.log | grep -c '"verb":"patch"'`))
        .stdout;
    const rounds = async (): Promise<number> =>
      Number((await run("journalctl -u kubernetes-endpoints -o cat | grep -c '^the endpoints are'")).stdout);
    const said = await rounds();
    const before = await patches();
    expect(Number(before)).toBeGreaterThan(0);
    await run('systemctl restart kubernetes-endpoints');
    await waitFor(async () => (await rounds()) > said || undefined, {
      what: 'the unit to have looked again',
      timeoutMs: 60_000,
    });
    expect(await patches()).toBe(before);
  });
});
