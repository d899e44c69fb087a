import { X509Certificate } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { issuedKubeconfigs, makeKubeconfig } from '../../../src/app/kubeconfig.ts';
import { type Authorities, createAuthorities } from '../../../src/pki/authorities.ts';
import { issueServing } from '../../../src/pki/issue.ts';
import type { Secrets } from '../../../src/state/store.ts';
import { memorySecrets } from '../../support/memory-secrets.ts';

const NOW = Date.now();
const HOUR = 3600_000;
let authorities: Authorities;
let server: Server | undefined;

beforeAll(async () => {
  authorities = await createAuthorities('demo');
});
afterEach(() => server?.close());

/** An API server that believes the administrators' group from the `believes`th question on, and only once it is bound. */
async function apiServer(believes = 1): Promise<{ port: number; asked: string[] }> {
  const replica = {
    ...{ name: 'demo-master', internalIp: '127.0.0.1', apiAddress: '127.0.0.1', staticExternalIp: null },
    ...{ balancerDnsName: null, serviceCidr: '10.96.0.0/12', clusterDomain: 'cluster.local' },
  };
  const { certPem: cert, keyPem: key } = await issueServing('apiserver', replica, authorities);
  const asked: string[] = [];
  let bound = false;
  let questions = 0;
  const tls = { cert, key, ca: authorities.kubernetes.certPem, requestCert: true, rejectUnauthorized: true };
  server = createServer(tls, (request, response) => {
    const peer = (
      request.socket as unknown as { getPeerX509Certificate(): X509Certificate }
    ).getPeerX509Certificate();
    asked.push(`${peer.subject.replaceAll('\n', ',')} ${request.method} ${request.url?.split('?')[0]}`);
    if (request.method === 'PATCH') bound = true;
    else questions += 1;
    const allowed = peer.subject.includes('O=system:masters') || (bound && questions >= believes);
    response.writeHead(allowed ? 200 : 403).end(allowed ? '{}' : '{"message":"not yet"}');
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return { port: (server!.address() as AddressInfo).port, asked };
}

const at = (apiPort: number) => ({ name: 'demo', uid: 'u1', apiPort, host: '127.0.0.1', ip: '127.0.0.1' });
const access = { user: 'haup-admin', groups: [], ttlMs: HOUR, breakGlass: false };
const tools = (secrets: Secrets, now = NOW) => ({
  ...{ authorities, secrets, now: () => now, signal: new AbortController().signal },
});

function certificateIn(text: string): X509Certificate {
  const data = parse(text).users[0].user['client-certificate-data'];
  return new X509Certificate(Buffer.from(data, 'base64'));
}

test('an administrator’s is bound by haup’s own, and handed out when the API believes it', async () => {
  const { port, asked } = await apiServer(3);
  const { text, warnings } = await makeKubeconfig(at(port), access, tools(memorySecrets()));
  expect(warnings).toEqual([]);
  const own =
    'O=system:masters,CN=haup-admin PATCH /apis/rbac.authorization.k8s.io/v1/clusterrolebindings/haup:cluster-admins';
  const question = 'O=haup:cluster-admins,CN=haup-admin GET /api/v1/namespaces/kube-system/secrets';
  expect(asked).toEqual([own, question, question, question]);
  expect(Date.parse(certificateIn(text).validTo)).toBe(Math.floor((NOW + HOUR) / 1000) * 1000);
});

test('without an answer of the API it is handed out all the same, and said to be unproven', async () => {
  const { port } = await apiServer();
  server!.close();
  const { text, warnings } = await makeKubeconfig(at(port), access, tools(memorySecrets()));
  expect(certificateIn(text).subject).toBe('O=haup:cluster-admins\nCN=haup-admin');
  expect(warnings).toEqual([
    expect.stringMatching(/^nobody could see that it opens the cluster.*ECONNREFUSED/),
  ]);
});

test('a user of other groups, and one whom no RBAC can refuse, ask nothing of the API', async () => {
  const secrets = memorySecrets();
  const ann = { ...access, user: 'ann', groups: ['developers', 'on-call'] };
  const one = await makeKubeconfig(at(1), ann, tools(secrets));
  const other = await makeKubeconfig(at(1), { ...access, breakGlass: true }, tools(secrets, NOW + 1000));
  expect([one.warnings, other.warnings]).toEqual([[], []]);
  expect(certificateIn(one.text).subject).toBe('O=developers\nO=on-call\nCN=ann');
  expect(certificateIn(other.text).subject).toBe('O=system:masters\nCN=haup-admin');
  expect(await issuedKubeconfigs(secrets, NOW)).toMatchObject([
    {
      user: 'ann',
      groups: ['developers', 'on-call'],
      serial: certificateIn(one.text).serialNumber.toLowerCase(),
    },
    { user: 'haup-admin', groups: ['system:masters'] },
  ]);
});

test('what has ended is forgotten; keys are not kept; what is not a note is left alone', async () => {
  const secrets = memorySecrets();
  await secrets.put('issued-not', '{"user": 1}');
  const short = { ...access, user: 'ann', groups: ['g'] };
  await makeKubeconfig(at(1), short, tools(secrets));
  expect([...secrets.kept.values()].join()).not.toContain('KEY');
  expect(await issuedKubeconfigs(secrets, NOW + 2 * HOUR)).toEqual([]);
  await makeKubeconfig(at(1), { ...short, user: 'bob' }, tools(secrets, NOW + 2 * HOUR));
  const left = await issuedKubeconfigs(secrets, NOW);
  expect([left.map(({ user }) => user), secrets.kept.has('issued-not')]).toEqual([['bob'], true]);
});

test('a store that cannot note it is a warning: who is at work at three in the morning needs the file', async () => {
  const secrets = {
    ...memorySecrets(),
    putIfAbsent: () => Promise.reject(new Error('no space left on device')),
  };
  const made = await makeKubeconfig(at(1), { ...access, user: 'ann', groups: ['g'] }, tools(secrets));
  expect(made.warnings).toEqual([
    expect.stringMatching(/the list of what was handed out will not show it: no space left/),
  ]);
});
