import { beforeAll, describe, expect, test } from 'vitest';
import type { ReplicaConfig } from '../../../src/replicas/config.ts';
import { replicaFiles } from '../../../src/replicas/provision/files.ts';
import { commandLine } from '../../../src/replicas/units/unit.ts';
import { exampleConfig } from './config.ts';

let config: ReplicaConfig;
beforeAll(async () => {
  config = await exampleConfig();
});

function unitText(name: string, change: Partial<ReplicaConfig> = {}): string {
  return replicaFiles({ ...config, ...change }).find(({ path }) => path === `units/${name}.service`)!.content;
}

function flagsOf(name: string, change: Partial<ReplicaConfig> = {}): Map<string, string> {
  const found = unitText(name, change).matchAll(/--([a-z0-9-]+)=(\S+)/g);
  return new Map([...found].map((match) => [match[1]!, match[2]!]));
}

describe('what the user adds', () => {
  test('gates are an argument of the component that they are said of', () => {
    const featureGates = { apiServer: { A: true, B: false }, scheduler: { C: true } };
    expect(flagsOf('kube-apiserver', { featureGates }).get('feature-gates')).toBe('A=true,B=false');
    expect(flagsOf('kube-scheduler', { featureGates }).get('feature-gates')).toBe('C=true');
    expect(flagsOf('kube-controller-manager', { featureGates }).has('feature-gates')).toBe(false);
  });

  test('the API server alone goes by a proxy, and never to what is private', () => {
    const proxy = { https: 'http://proxy:3128/%41', no: ['example.com'] };
    const unit = unitText('kube-apiserver', { proxy });
    expect(unit).toMatch(/^Environment=HTTPS_PROXY=http:\/\/proxy:3128\/%%41$/m);
    expect(unit).toMatch(
      /^Environment=NO_PROXY=localhost,127\.0\.0\.0\/8,.*10\.0\.0\.0\/8.*\.svc,.*,example\.com$/m,
    );
    const unset = /^UnsetEnvironment=(.*)$/m.exec(unit)![1]!.split(' ');
    expect(unset).toEqual(expect.arrayContaining(['https_proxy', 'HTTP_PROXY', 'ALL_PROXY']));
    expect(unset).not.toEqual(expect.arrayContaining(['HTTPS_PROXY']));
    expect(unset).not.toEqual(expect.arrayContaining(['NO_PROXY']));
    expect(unitText('kube-controller-manager', { proxy })).toBe(unitText('kube-controller-manager'));
  });
});

describe('etcd', () => {
  test('shows clients nothing but the loopback address, and asks them for a certificate', () => {
    const flags = flagsOf('etcd');
    expect(flags.get('listen-client-urls')).toBe('https://127.0.0.1:2379');
    expect(flags.get('client-cert-auth')).toBe('true');
    expect(flags.has('listen-metrics-urls')).toBe(false);
  });

  test('speaks with peers on the internal address only, each side with a certificate', () => {
    const flags = flagsOf('etcd');
    expect(flags.get('listen-peer-urls')).toBe('https://10.0.0.2:2380');
    expect(flags.get('initial-advertise-peer-urls')).toBe('https://10.0.0.2:2380');
    expect(flags.get('peer-client-cert-auth')).toBe('true');
  });

  test('keeps its own strict checks, and takes two learners', () => {
    const flags = flagsOf('etcd');
    expect(flags.get('strict-reconfig-check')).toBe('true');
    expect(flags.get('max-learners')).toBe('2');
    expect(flags.get('initial-cluster-token')).toBe(config.uid);
  });

  test('leaves compaction to the API server', () => {
    expect([...flagsOf('etcd').keys()].filter((flag) => flag.startsWith('auto-compaction'))).toEqual([]);
  });
});

describe('the API server', () => {
  test('advertises the API address and uses the local member only', () => {
    const flags = flagsOf('kube-apiserver');
    expect(flags.get('advertise-address')).toBe('198.18.0.10');
    expect(flags.get('etcd-servers')).toBe('https://127.0.0.1:2379');
  });

  test('does not touch the endpoints of the kubernetes service, because it would empty them when it stops', () => {
    expect(flagsOf('kube-apiserver').get('endpoint-reconciler-type')).toBe('none');
    const script = replicaFiles(config).find(
      ({ path }) => path === 'config/kubernetes-endpoints.sh',
    )!.content;
    expect(script).toContain('"subsets":[{"addresses":[{"ip":"198.18.0.10"}]');
    expect(script).toContain('"endpoints":[{"addresses":["198.18.0.10"]');
  });

  test('has time to drain before systemd kills it', () => {
    const stop = Number(
      /TimeoutStopSec=(\d+)/.exec(unitText('kube-apiserver', { shutdownDelaySeconds: 30 }))![1],
    );
    expect(flagsOf('kube-apiserver', { shutdownDelaySeconds: 30 }).get('shutdown-delay-duration')).toBe(
      '30s',
    );
    const request = Number.parseInt(flagsOf('kube-apiserver').get('request-timeout')!, 10);
    expect(stop).toBeGreaterThan(30 + request);
  });

  test('may bind a low port, and has no capability when it need not', () => {
    expect(unitText('kube-apiserver')).toContain('CapabilityBoundingSet=CAP_NET_BIND_SERVICE\n');
    expect(unitText('kube-apiserver', { apiPort: 6443 })).toContain('CapabilityBoundingSet=\n');
  });
});

describe('every unit', () => {
  const names = [
    'etcd',
    'kube-apiserver',
    'kube-controller-manager',
    'kube-scheduler',
    'kubernetes-endpoints',
    'haup-addons',
    'haup-service-addresses',
  ];

  test.each(names)('%s does not run as root, and is restarted for ever', (name) => {
    const unit = unitText(name);
    expect(unit).toMatch(/^User=haup-(etcd|kube|sched|endpoints|addons|services)$/m);
    // systemd's way to run one command as root: only what stops and starts the API server with its etcd.
    const asRoot = [...unit.matchAll(/^(Exec\w+)=\S*[+!]/gm)].map(([, when]) => when);
    expect(asRoot).toEqual(name === 'etcd' ? ['ExecStop', 'ExecStartPost'] : []);
    expect(unit).toMatch(/^Restart=always$/m);
    expect(unit).toMatch(/^StartLimitIntervalSec=0$/m);
  });

  test.each(names)('%s names no secret but by its file', (name) => {
    expect(unitText(name)).not.toContain(config.encryptionKeys[0]!.secret);
    expect(unitText(name)).not.toContain('PRIVATE KEY');
  });

  test('runs the program of its version, and names no other version', () => {
    const from = (unit: string, change: Partial<ReplicaConfig> = {}) =>
      /ExecStart=(\S+)/.exec(unitText(unit, change))![1];
    expect(from('etcd')).toBe('/opt/haup/programs/etcd-v3.7.3/etcd');
    expect(from('etcd', { kubernetesVersion: 'v1.37.2' })).toBe(from('etcd'));
    expect(from('kube-scheduler')).toBe('/opt/haup/programs/kubernetes-v1.37.1/kube-scheduler');
  });
});

test('a command line is one word a flag for systemd, whatever the values hold', () => {
  expect(commandLine('/bin/x', { a: 1, b: 'two words', c: '50%', d: '$HOME', e: '"\\' })).toBe(
    ['/bin/x', '--a=1', '"--b=two words"', '--c=50%%', '--d=$$HOME', '"--e=\\"\\\\"'].join(' \\\n  '),
  );
  expect(() => commandLine('/bin/x', { a: 'b\nExecStartPre=evil' })).toThrow();
});
