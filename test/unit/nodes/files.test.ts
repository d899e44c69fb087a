import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { NodeConfig } from '../../../src/nodes/config.ts';
import { nodeFiles, nodeLabels, unitsOf } from '../../../src/nodes/files.ts';
import { type NodeHost, needsMounts, parseHost } from '../../../src/nodes/host.ts';
import { conflist } from '../../../src/nodes/settings/conflist.ts';
import { paths } from '../../../src/replicas/paths.ts';
import { digest } from '../../../src/replicas/provision/release.ts';
import { CONTAINER, exampleNode, VM } from './config.ts';

let config: NodeConfig;
beforeAll(async () => {
  config = await exampleNode();
});

function filesOf(host: NodeHost, change: Partial<NodeConfig> = {}): Map<string, string> {
  return new Map(nodeFiles({ ...config, ...change }, host).map(({ path, content }) => [path, content]));
}

function flagsOf(unit: string): Map<string, string> {
  const found = unit.matchAll(/--([a-z0-9-]+)=(\S+)/g);
  return new Map([...found].map((match) => [match[1]!, match[2]!]));
}

const hosts = [
  ['a container', CONTAINER],
  ['a VM', VM],
  ['a container with a unified hierarchy', { ...CONTAINER, cgroups: 'v2' as const }],
] as const;

describe.each(hosts)('the files of a node on %s', (_, host) => {
  test('hold every file that a unit or a setting refers to', () => {
    const files = filesOf(host);
    const referred = [...files.values()].flatMap((content) =>
      [...content.matchAll(new RegExp(`${paths.current}/([\\w./-]*[\\w])`, 'g'))].map((match) => match[1]!),
    );
    expect(referred.length).toBeGreaterThan(6);
    for (const path of referred) expect(files.has(path), path).toBe(true);
  });

  test('are shell and YAML that can be read, and show keys to root alone', () => {
    for (const { path, content, mode, owner } of nodeFiles(config, host)) {
      if (path.endsWith('.yaml')) expect(parse(content).kind, path).toMatch(/Configuration$/);
      if (path.endsWith('.sh')) execFileSync('sh', ['-n'], { input: content });
      const secret = /PRIVATE KEY|client-key-data/.test(content);
      expect([mode, owner], path).toEqual([secret ? 0o600 : 0o644, 'root']);
    }
  });

  test('have a digest that is the same for the same machine', () => {
    expect(digest(nodeFiles(config, host))).toBe(digest(nodeFiles(config, host)));
  });
});

test('the shell of a node passes shellcheck, where it is installed', () => {
  try {
    execFileSync('shellcheck', ['--version'], { stdio: 'ignore' });
  } catch {
    return;
  }
  for (const [path, content] of filesOf(CONTAINER))
    if (path.endsWith('.sh')) {
      const shell = filesOf(CONTAINER)
        .get(`units/${path.slice('config/'.length, -3)}.service`)
        ?.includes('/bin/bash');
      execFileSync('shellcheck', [`--shell=${shell ? 'bash' : 'sh'}`, '-'], { input: content });
    }
});

describe('services', () => {
  test('start in a namespace of their own only where the machine needs it', () => {
    expect(unitsOf(config, CONTAINER)).toContain('node-mounts.service');
    expect(unitsOf(config, VM)).not.toContain('node-mounts.service');
    for (const unit of ['units/containerd.service', 'units/kubelet.service']) {
      expect(filesOf(CONTAINER).get(unit)).toMatch(
        /ExecStart=\/bin\/sh \S+in-node-mounts\.sh \/opt\/haup\/bin\//,
      );
      expect(filesOf(CONTAINER).get(unit)).toMatch(/Requires=.*node-mounts\.service/);
      expect(filesOf(VM).get(unit)).toMatch(/ExecStart=\/opt\/haup\/bin\//);
    }
  });

  test('notice a dead connection to the API in seconds', () => {
    for (const unit of ['units/kubelet.service', 'units/kube-proxy.service']) {
      expect(filesOf(VM).get(unit)).toContain('HTTP2_READ_IDLE_TIMEOUT_SECONDS=5');
      expect(filesOf(VM).get(unit)).toContain('HTTP2_PING_TIMEOUT_SECONDS=3');
    }
  });

  test('reach the cluster without a proxy, whatever the machine’s environment says; images may need one', () => {
    for (const unit of ['units/kubelet.service', 'units/kube-proxy.service'])
      expect(filesOf(VM).get(unit)).toMatch(/^UnsetEnvironment=.*\bhttps_proxy HTTPS_PROXY\b/m);
    expect(filesOf(VM).get('units/containerd.service')).not.toContain('UnsetEnvironment');
  });

  test('leave pods alone when they are started again', () => {
    for (const unit of ['units/containerd.service', 'units/kubelet.service'])
      expect(filesOf(VM).get(unit)).toContain('KillMode=process');
  });
});

describe('the kubelet', () => {
  const kubelet = (host: NodeHost, change: Partial<NodeConfig> = {}) =>
    parse(filesOf(host, change).get('config/kubelet.yaml')!);

  test('lets in whom the API server lets in, over TLS, with a certificate of haup’s', () => {
    const written = kubelet(VM);
    expect(written.authentication).toEqual({
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: '/etc/haup/current/pki/ca.crt' },
    });
    expect(written.authorization).toEqual({ mode: 'Webhook' });
    expect(written.tlsCertFile).toBe('/etc/haup/current/pki/kubelet.crt');
    const certificate = new X509Certificate(config.pki.kubeletCertPem);
    expect(certificate.subject).toContain('CN=system:node:demo-node-abc');
    expect(certificate.subjectAltName).toBe('DNS:demo-node-abc, IP Address:10.0.0.3');
    expect(certificate.issuer).toContain('kubelet-serving-ca');
  });

  test('and the runtime agree about control groups', () => {
    for (const [host, driver, systemd] of [
      [CONTAINER, 'cgroupfs', 'false'],
      [VM, 'systemd', 'true'],
    ] as const) {
      expect(kubelet(host).cgroupDriver).toBe(driver);
      expect(filesOf(host).get('config/containerd.toml')).toContain(`SystemdCgroup = ${systemd}`);
    }
    // A container on a host with unified cgroup2, which nobody here could run: as on a VM, in the namespace that the settings need.
    const unified = { ...CONTAINER, cgroups: 'v2' } as const;
    expect([kubelet(unified).cgroupDriver, kubelet(unified).failCgroupV1]).toEqual(['systemd', undefined]);
    expect(filesOf(unified).get('config/containerd.toml')).toContain('SystemdCgroup = true');
    expect(filesOf(unified).get('config/node-mounts.sh')).toContain('vm/overcommit_memory=1');
    expect(filesOf(unified).get('config/node-mounts.sh')).toMatch(/^controllers=(''|"")?$/m);
    expect(filesOf(CONTAINER).get('config/node-mounts.sh')).toMatch(/^controllers=.*memory/m);
    expect(kubelet(CONTAINER).failCgroupV1).toBe(false);
    expect(kubelet(VM)).not.toHaveProperty('failCgroupV1');
  });

  test('tells the scheduler where it is, and what keeps pods away', () => {
    const taints = [{ key: 'dedicated', value: 'build', effect: 'NoSchedule' as const }];
    const change = { instanceType: 'n2-standard-2', labels: { pool: 'a' }, taints };
    const flags = flagsOf(filesOf(VM, change).get('units/kubelet.service')!);
    expect(flags.get('node-labels')).toBe(
      'topology.kubernetes.io/region=local,topology.kubernetes.io/zone=local-b,node.kubernetes.io/instance-type=n2-standard-2,pool=a',
    );
    expect(kubelet(VM, change).registerWithTaints).toEqual(taints);
    expect(kubelet(VM).providerID).toBe('haup://0123456789abcdef/local-b/demo-node-abc');
    expect(kubelet(VM, { providerId: null })).not.toHaveProperty('providerID');
    expect(nodeLabels({ ...config, labels: { 'topology.kubernetes.io/zone': 'mine' } })).toMatchObject({
      'topology.kubernetes.io/zone': 'mine',
    });
  });

  test('is told its taints as they were written, also what its own reader of YAML takes for something else', () => {
    const taints = [
      { key: 'on', value: 'yes', effect: 'NoSchedule' as const },
      { key: 'no', value: '0644', effect: 'NoExecute' as const },
    ];
    const text = filesOf(VM, { taints }).get('config/kubelet.yaml')!;
    for (const version of ['1.1', '1.2'] as const)
      expect(parse(text, { version }).registerWithTaints).toEqual(taints);
  });

  test('is known by the machine’s name and address', () => {
    const flags = flagsOf(filesOf(VM).get('units/kubelet.service')!);
    expect(flags.get('hostname-override')).toBe('demo-node-abc');
    expect(flags.get('node-ip')).toBe('10.0.0.3');
  });
});

test('nft has names of protocols, or kube-proxy takes its own rules for those of another', () => {
  const files = filesOf(VM);
  expect(files.get('config/protocols')).toMatch(/^tcp 6 TCP$/m);
  expect(files.get('units/kube-proxy.service')).toMatch(
    /^ExecStartPre=\+\/bin\/sh -c '\[ -s \/etc\/protocols \] \|\| cp \/etc\/haup\/current\/config\/protocols \/etc\/protocols'$/m,
  );
});

test("a registry's mirror is taken from the folder that everybody knows, by whatever pulls", () => {
  const config = filesOf(VM).get('config/containerd.toml')!;
  expect(config).toMatch(/cri\.v1\.images"\.registry\]\n\s+config_path = "\/etc\/containerd\/certs\.d"\n/);
});

describe("the pods' network", () => {
  test('masquerades only what leaves for where nobody knows the way back', () => {
    const rules = filesOf(VM).get('config/masquerade.nft')!;
    expect(rules).toContain('ip saddr 10.244.0.0/16 ip daddr != { 10.244.0.0/16, 10.128.0.0/16 } masquerade');
  });

  test('is left out for who brings another', () => {
    const files = filesOf(VM, { cni: 'none' });
    expect([...files.keys()].filter((path) => /masquerade/.test(path))).toEqual([]);
    expect(unitsOf({ cni: 'none', serviceAddresses: null }, VM)).not.toContain('pod-masquerade.service');
    expect(files.get('config/containerd.toml')).toContain('"/opt/cni/bin"');
  });

  test('is a link a pod with an address of the node’s range, forgotten at a power-off', () => {
    const { plugins } = JSON.parse(conflist('10.244.3.0/24'));
    expect(plugins.map(({ type }: { type: string }) => type)).toEqual(['ptp', 'portmap']);
    expect(plugins[0].ipam).toMatchObject({ dataDir: '/run/cni', ranges: [[{ subnet: '10.244.3.0/24' }]] });
    expect(plugins[0].ipMasq).toBe(false);
  });
});

test('a machine says what it is', () => {
  expect(parseHost('v1\nconfined\n')).toEqual(CONTAINER);
  expect(parseHost('v2\nwritable\n/etc/resolv.conf\n')).toEqual(VM);
  expect(needsMounts(parseHost('v2\nconfined\n'))).toBe(true);
  expect(needsMounts(parseHost('v2\nwritable\n'))).toBe(false);
});
