import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cacheFolder } from '../../src/artifacts/cache.ts';
import { auditPolicy } from '../../src/replicas/settings/audit.ts';
import { exec } from '../../src/util/exec.ts';

/** A request as Kubernetes' evaluator of audit policies sees it; see audit/main.go. */
interface Request {
  readonly user: string;
  readonly groups: readonly string[];
  readonly verb: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly path?: string;
}
type What = Omit<Request, 'user' | 'groups' | 'verb'>;

/** Everybody who could be somebody special, and somebody who is not. */
const callers = [
  ['system:kube-controller-manager', 'system:authenticated'],
  ['system:kube-scheduler', 'system:authenticated'],
  ['system:apiserver', 'system:masters'],
  ['haup-admin', 'system:masters'],
  ['haup-admin', 'haup:cluster-admins'],
  ['haup:endpoints', 'system:authenticated'],
  ['haup:lease:kube-scheduler', 'system:authenticated'],
  ['haup:addons', 'system:authenticated'],
  ['kube-apiserver-kubelet-client', 'system:authenticated'],
  ['system:node:n1', 'system:nodes'],
  ['system:serviceaccount:kube-system:generic-garbage-collector', 'system:serviceaccounts:kube-system'],
  ['jane', 'developers'],
] as const;

const READS = ['get', 'list', 'watch'];
const CHANGES = ['create', 'update', 'patch', 'delete', 'deletecollection'];

let program: string;
let policy: string;
beforeAll(async () => {
  const folder = join(cacheFolder(process.env), 'tests', 'audit');
  await mkdir(folder, { recursive: true });
  await cp(new URL('audit', import.meta.url).pathname, folder, { recursive: true });
  program = join(folder, 'audit');
  // As the binaries are built, so that what they have left in Go's cache is not compiled again.
  const flags = ['-trimpath', '-buildvcs=false', '-tags', 'selinux,notest,grpcnotrace', '-o', program, '.'];
  await exec('go', ['build', '-C', folder, ...flags], {
    env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '' },
  });
  policy = join(await mkdtemp(join(tmpdir(), 'haup-audit-')), 'policy.yaml');
  await writeFile(policy, auditPolicy());
});

/** The levels at which each caller's requests of these verbs are logged, by caller and verb. */
async function levels(what: What, verbs: readonly string[]): Promise<Map<string, string>> {
  const requests = callers.flatMap(([user, group]) =>
    verbs.map((verb): Request => ({ ...what, user, groups: [group], verb })),
  );
  const answer = await exec(program, [policy], { input: JSON.stringify(requests) });
  const found = JSON.parse(answer) as string[];
  return new Map(requests.map(({ user, verb }, i) => [`${user} ${verb}`, found[i]!]));
}

async function expectLevel(level: string, what: What, verbs: readonly string[]): Promise<void> {
  for (const [who, found] of await levels(what, verbs)) expect(found, who).toBe(level);
}

describe('the audit policy, as Kubernetes itself reads it,', () => {
  test.each<What>([
    { resource: 'secrets', namespace: 'kube-system', name: 'bootstrap-token-abcdef' },
    { resource: 'secrets', namespace: 'default' },
    { resource: 'configmaps', namespace: 'kube-system', name: 'extension-apiserver-authentication' },
    { resource: 'serviceaccounts', subresource: 'token', namespace: 'default', name: 'default' },
    { group: 'authentication.k8s.io', resource: 'tokenreviews' },
    { group: 'certificates.k8s.io', resource: 'certificatesigningrequests', name: 'csr-1' },
  ])('shows that anybody reads or changes $resource, and not what is in it', async (what) => {
    await expectLevel('Metadata', what, [...READS, ...CHANGES]);
  });

  test.each([
    ['pods', 'exec'],
    ['pods', 'attach'],
    ['pods', 'portforward'],
    ['pods', 'proxy'],
    ['services', 'proxy'],
    ['nodes', 'proxy'],
  ])('shows that anybody goes through %s/%s', async (resource, subresource) => {
    await expectLevel('Metadata', { resource, subresource, namespace: 'default', name: 'x' }, [
      'get',
      ...CHANGES,
    ]);
  });

  test.each<What>([
    { resource: 'events', namespace: 'default' },
    { group: 'events.k8s.io', resource: 'events', namespace: 'default' },
    { group: 'admissionregistration.k8s.io', resource: 'validatingwebhookconfigurations', name: 'x' },
    { group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicybindings', name: 'x' },
    { group: 'coordination.k8s.io', resource: 'leases', namespace: 'kube-system', name: 'x' },
    { resource: 'endpoints', namespace: 'default', name: 'kubernetes' },
  ])('shows that anybody deletes $group $resource', async (what) => {
    await expectLevel('Request', what, ['delete', 'deletecollection']);
  });

  test('shows every change of what routes, rules and runs, with what was asked for', async () => {
    for (const what of [
      { resource: 'endpoints', namespace: 'default', name: 'kubernetes' },
      { group: 'discovery.k8s.io', resource: 'endpointslices', namespace: 'default', name: 'kubernetes' },
      { group: 'rbac.authorization.k8s.io', resource: 'clusterrolebindings', name: 'x' },
      { group: 'apps', resource: 'deployments', namespace: 'default', name: 'x' },
      { resource: 'pods', namespace: 'kube-system', name: 'x' },
      { resource: 'pods', subresource: 'ephemeralcontainers', namespace: 'default', name: 'x' },
    ])
      await expectLevel('Request', what, CHANGES);
  });

  test('shows who reads all the rest', async () => {
    for (const what of [
      { resource: 'pods', namespace: 'default' },
      { resource: 'nodes' },
      { group: 'rbac.authorization.k8s.io', resource: 'clusterroles' },
    ])
      await expectLevel('Metadata', what, READS);
    await expectLevel('Metadata', { path: '/metrics' }, ['get']);
    await expectLevel('Metadata', { path: '/logs/kube-apiserver.log' }, ['get']);
  });

  test('is silent about health checks, discovery, renewals, events and reads of endpoints', async () => {
    for (const path of ['/readyz', '/livez/etcd', '/version', '/api', '/apis/apps/v1', '/openapi/v3'])
      await expectLevel('None', { path }, ['get']);
    const lease = { group: 'coordination.k8s.io', resource: 'leases', namespace: 'kube-system', name: 'x' };
    await expectLevel('None', lease, [...READS, 'update']);
    await expectLevel('None', { resource: 'events', namespace: 'default' }, ['create', 'patch', 'list']);
    await expectLevel('None', { resource: 'endpoints', namespace: 'default' }, READS);
  });
});
