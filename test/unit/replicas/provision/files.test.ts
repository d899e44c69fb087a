import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { ReplicaConfig } from '../../../../src/replicas/config.ts';
import { paths } from '../../../../src/replicas/paths.ts';
import { replicaFiles } from '../../../../src/replicas/provision/files.ts';
import { digest } from '../../../../src/replicas/provision/release.ts';
import { releaseUnits } from '../../../../src/replicas/units/index.ts';
import type { ArchivedFile } from '../../../../src/util/host/archive.ts';
import { exampleConfig } from '../config.ts';

let config: ReplicaConfig;
let files: Map<string, ArchivedFile>;
const byPath = (list: ArchivedFile[]) => new Map(list.map((file) => [file.path, file]));
const text = (path: string) => files.get(path)!.content;

beforeAll(async () => {
  config = await exampleConfig();
  files = byPath(replicaFiles(config));
});

describe('the files of a replica', () => {
  test('hold every file that a unit or a script refers to', () => {
    const referred = [...files.values()].flatMap(({ content }) =>
      [...content.matchAll(new RegExp(`${paths.current}/([\\w./-]*[\\w])`, 'g'))].map((match) => match[1]!),
    );
    expect(referred.length).toBeGreaterThan(30);
    const folders = new Set([...files.keys()].map((path) => path.replace(/\/[^/]*$/, '')));
    for (const path of referred) expect(files.has(path) || folders.has(path), path).toBe(true);
  });

  test('give every private key to the one user that needs it, and to nobody else', () => {
    const secrets = [...files.values()].filter(({ content }) =>
      /PRIVATE KEY|client-key-data|secret: [A-Za-z0-9+/]{43}=/.test(content),
    );
    expect(secrets.map(({ path }) => path)).toContain('config/encryption.yaml');
    expect(secrets.length).toBe(20);
    for (const { path, mode } of secrets) expect(mode, path).toBe(0o600);
    expect(files.get('pki/scheduler.conf')!.owner).toBe('haup-sched');
    expect(files.get('pki/etcd/peer.key')!.owner).toBe('haup-etcd');
    expect(files.get('pki/etcd/client.key')!.owner).toBe('root');
    expect(files.get('pki/sa.key')!.owner).toBe('haup-kube');
    expect(files.get('pki/endpoints.key')!.owner).toBe('haup-endpoints');
    expect(files.get('pki/addons.conf')!.owner).toBe('haup-addons');
    expect(files.get('pki/service-addresses.key')!.owner).toBe('haup-services');
    expect(files.get('pki/scheduler-lease.key')!.owner).toBe('haup-sched');
  });

  test('hold no key of an authority but the kubelets’ two', () => {
    const keys = [...files.keys()].filter((path) => /ca\.key$|signing\.key$/.test(path));
    expect(keys.sort()).toEqual(['pki/kubelet-client-ca.key', 'pki/kubelet-serving-ca.key']);
  });

  test('hold what the user says of authentication, audit and admission, and then other digests', () => {
    const jwt = [{ issuer: { url: 'https://issuer.example.org', audiences: ['demo'] } }];
    const plugins = [{ name: 'PodSecurity', configuration: { defaults: { enforce: 'baseline' } } }];
    const wished = byPath(
      replicaFiles({
        ...config,
        authentication: { jwt },
        auditPolicy: { kind: 'Policy' },
        admission: { plugins },
      }),
    );
    const read = (path: string) => parse(wished.get(`config/${path}`)!.content);
    expect(read('authentication.yaml')).toEqual({ ...parse(text('config/authentication.yaml')), jwt });
    expect(read('audit.yaml')).toEqual({ kind: 'Policy' });
    expect(read('admission.yaml')).toMatchObject({ kind: 'AdmissionConfiguration', plugins });
    expect(wished.get('units/kube-apiserver.service')!.content).toContain(
      '--admission-control-config-file=/etc/haup/current/config/admission.yaml',
    );
    expect(files.has('config/admission.yaml')).toBe(false);
    expect(digest([...wished.values()])).not.toBe(digest([...files.values()]));
  });

  test('are YAML and shell that can be read', () => {
    for (const { path, content } of files.values()) {
      if (path.endsWith('.yaml')) expect(parse(content).kind, path).toMatch(/Configuration|Policy/);
      if (path.endsWith('.sh'))
        execFileSync(content.startsWith('#!/bin/bash\n') ? 'bash' : 'sh', ['-n'], { input: content });
    }
  });

  test('let nobody in without credentials but to the health endpoints and to what a new node has to know', () => {
    const { anonymous } = parse(text('config/authentication.yaml'));
    expect(anonymous.conditions.map(({ path }: { path: string }) => path)).toEqual([
      '/livez',
      '/readyz',
      '/healthz',
      '/api/v1/namespaces/kube-public/configmaps/cluster-info',
    ]);
  });

  test('encrypt Secrets with the cluster key, and nothing reads or writes them in clear text', () => {
    const { resources } = parse(text('config/encryption.yaml'));
    expect(resources).toEqual([
      {
        resources: ['secrets'],
        providers: [{ secretbox: { keys: config.encryptionKeys } }],
      },
    ]);
  });

  test('never put what a Secret or a ConfigMap holds into the audit log', () => {
    const { rules } = parse(text('config/audit.yaml'));
    const first = (resource: string) =>
      rules.find((rule: { resources?: { resources: string[] }[] }) =>
        rule.resources?.some((group) => group.resources.includes(resource)),
      );
    expect(first('secrets').level).toBe('Metadata');
    expect(first('configmaps').level).toBe('Metadata');
    expect(first('serviceaccounts/token').level).toBe('Metadata');
  });

  test('have a digest that changes with any of them', () => {
    const list = [...files.values()];
    const changed = list.map((file, i) => (i === 7 ? { ...file, mode: file.mode ^ 1 } : file));
    expect(digest(changed)).not.toBe(digest(list));
    expect(digest(list)).toBe(digest(replicaFiles(config)));
  });

  test('have a local route for the API address only where the cloud wants it', () => {
    expect(files.has('units/haup-api-address.service')).toBe(false);
    const gce = byPath(replicaFiles({ ...config, localRoute: true }));
    expect(gce.get('units/haup-api-address.service')!.content).toContain('local 198.18.0.10/32');
  });

  test('give Services addresses only where haup has some to give', () => {
    const paths = ['config/service-addresses.sh', 'units/haup-service-addresses.service'];
    expect(paths.map((path) => files.has(path))).toEqual([true, true]);
    const cloud = byPath(replicaFiles({ ...config, serviceAddresses: null }));
    expect(paths.map((path) => cloud.has(path))).toEqual([false, false]);
  });

  test('have no unit that a look at a machine does not know', () => {
    const federation = { program: '//', node: null };
    const all = [
      { ...config, localRoute: true },
      { ...config, federation },
    ].flatMap((one) => replicaFiles(one).map(({ path }) => path));
    const units = all.filter((path) => path.startsWith('units/')).map((path) => path.replace('units/', ''));
    expect([...new Set(units)].sort()).toEqual([...releaseUnits].sort());
  });

  test('have a controller and no scheduler on the masters of a federation', () => {
    const federation = { program: '// the controller', node: '/opt/releases/node' };
    const own = byPath(replicaFiles({ ...config, federation }));
    expect(own.get('config/federation.mjs')!.content).toBe('// the controller');
    expect(own.has('units/haup-federation.service')).toBe(true);
    expect(own.has('units/kube-scheduler.service')).toBe(false);
    expect(own.get('units/kube-controller-manager.service')!.content).not.toMatch(/controllers=\*/);
    expect(files.has('units/haup-federation.service')).toBe(false);
  });
});
