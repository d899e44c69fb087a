import { expect, test } from 'vitest';
import { mirrorFrom } from '../../../src/artifacts/download/mirror.ts';
import { PINS } from '../../../src/artifacts/pins.ts';
import {
  ARCHITECTURES,
  BINARIES,
  findChecksum,
  hostArchitecture,
  listDownloads,
  type NodeRelease,
  type Release,
} from '../../../src/artifacts/sources.ts';
import { SUPPORTED_MINORS } from '../../../src/artifacts/versions.ts';

const release: Release = { kubernetesVersion: 'v1.37.1', etcdVersion: 'v3.7.3', arch: 'amd64' };

test('the official release of Kubernetes is one file an executable, that of etcd one archive', () => {
  const downloads = listDownloads(release);
  expect(downloads.map((download) => download.url)).toEqual([
    'https://dl.k8s.io/release/v1.37.1/bin/linux/amd64/kube-apiserver',
    'https://dl.k8s.io/release/v1.37.1/bin/linux/amd64/kube-controller-manager',
    'https://dl.k8s.io/release/v1.37.1/bin/linux/amd64/kube-scheduler',
    'https://dl.k8s.io/release/v1.37.1/bin/linux/amd64/kubectl',
    'https://github.com/etcd-io/etcd/releases/download/v3.7.3/etcd-v3.7.3-linux-amd64.tar.gz',
  ]);
  expect(downloads[0]!.checksumUrl).toBe(`${downloads[0]!.url}.sha256`);
  expect(downloads[4]!.checksumUrl).toBe(
    'https://github.com/etcd-io/etcd/releases/download/v3.7.3/SHA256SUMS',
  );
  expect(downloads[4]!.binaries).toEqual([
    { name: 'etcd', archiveMember: 'etcd-v3.7.3-linux-amd64/etcd' },
    { name: 'etcdctl', archiveMember: 'etcd-v3.7.3-linux-amd64/etcdctl' },
    { name: 'etcdutl', archiveMember: 'etcd-v3.7.3-linux-amd64/etcdutl' },
  ]);
});

test.each([undefined, 'https://mirror.example.org/haup/'])(
  'with mirror %s, all executables come out',
  (mirror) => {
    const names = listDownloads(release, { mirror }).flatMap(({ binaries }) =>
      binaries.map(({ name }) => name),
    );
    expect(names).toEqual([...BINARIES]);
  },
);

test('a mirror holds every executable and its checksum by component, version and architecture', () => {
  const downloads = listDownloads(
    { ...release, arch: 'arm64' },
    {
      mirror: 'http://10.0.0.1:8080/haup/',
      insecure: true,
    },
  );
  expect(downloads[0]).toMatchObject({
    url: 'http://10.0.0.1:8080/haup/kubernetes/v1.37.1/arm64/kube-apiserver',
    checksumUrl: 'http://10.0.0.1:8080/haup/kubernetes/v1.37.1/arm64/kube-apiserver.sha256',
  });
  expect(downloads[5]!.url).toBe('http://10.0.0.1:8080/haup/etcd/v3.7.3/arm64/etcdctl');
});

test('no two downloads of any release, architecture or place share a file in the cache', () => {
  const keys = (['amd64', 'arm64'] as const).flatMap((arch) =>
    ['v1.37.0', 'v1.37.1'].flatMap((kubernetesVersion, index) =>
      listDownloads({ arch, kubernetesVersion, etcdVersion: `v3.7.${index}` }).map(({ key }) => key),
    ),
  );
  expect(new Set(keys).size).toBe(keys.length);
  for (const key of keys) expect(key).toMatch(/^[a-z][a-z0-9.-]*$/);
});

test.each(['ftp://x/', 'not a url', '/srv/mirror', 'https://x/?y', 'file:///srv'])(
  'the mirror %s is refused',
  (mirror) => {
    expect(() => listDownloads(release, { mirror })).toThrow(/must be an http or https URL/);
  },
);

test('a mirror with a password is refused without repeating it', () => {
  const attempt = () => listDownloads(release, { mirror: 'https://joe:hunter2@mirror.example.org' });
  expect(attempt).toThrow(/must not hold a user name or a password/);
  expect(attempt).not.toThrow(/hunter2/);
});

test('a checksum is found alone, or by the name beside it, and nowhere else', () => {
  const a = 'a'.repeat(64);
  const b = 'B'.repeat(64);
  expect(findChecksum(`${a}\n`, 'kubectl')).toBe(a);
  expect(findChecksum(a, 'kubectl')).toBe(a);
  expect(findChecksum(`${a}  other.tar.gz\n${b} *etcd.tar.gz\n`, 'etcd.tar.gz')).toBe('b'.repeat(64));
  expect(findChecksum(`${a}  other.tar.gz\n`, 'etcd.tar.gz')).toBeNull();
  expect(findChecksum(`<html>${a}</html>`, 'kubectl')).toBeNull();
  expect(findChecksum(a.slice(1), 'kubectl')).toBeNull();
});

test("the host's architecture has the release files' name", () => {
  expect(hostArchitecture('x64')).toBe('amd64');
  expect(hostArchitecture('arm64')).toBe('arm64');
  expect(() => hostArchitecture('riscv64')).toThrow(/not on riscv64/);
});

const node: NodeRelease = { role: 'node', kubernetesVersion: '1.37.1', arch: 'arm64' };

test("a node's executables come from the official releases of five projects, each with its checksums beside it", () => {
  const downloads = listDownloads(node);
  expect(downloads.flatMap(({ binaries }) => binaries.map(({ name }) => name))).toEqual([
    ...['kubelet', 'kube-proxy', 'containerd', 'containerd-shim-runc-v2', 'ctr'],
    ...['ptp', 'host-local', 'portmap', 'loopback', 'crictl'],
  ]);
  expect(downloads.map(({ url, checksumUrl }) => [url, checksumUrl.slice(url.lastIndexOf('/') + 1)])).toEqual(
    [
      ['https://dl.k8s.io/release/v1.37.1/bin/linux/arm64/kubelet', 'kubelet.sha256'],
      ['https://dl.k8s.io/release/v1.37.1/bin/linux/arm64/kube-proxy', 'kube-proxy.sha256'],
      [
        'https://github.com/containerd/containerd/releases/download/v2.4.2/containerd-2.4.2-linux-arm64.tar.gz',
        'containerd-2.4.2-linux-arm64.tar.gz.sha256sum',
      ],
      [
        'https://github.com/containernetworking/plugins/releases/download/v1.10.0/cni-plugins-linux-arm64-v1.10.0.tgz',
        'cni-plugins-linux-arm64-v1.10.0.tgz.sha256',
      ],
      [
        'https://github.com/kubernetes-sigs/cri-tools/releases/download/v1.37.0/crictl-v1.37.0-linux-arm64.tar.gz',
        'crictl-v1.37.0-linux-arm64.tar.gz.sha256',
      ],
    ],
  );
});

test('a mirror has them by component and version', () => {
  const urls = listDownloads(node, { mirror: 'https://mirror.example.org' }).map(({ url }) => url);
  expect(urls).toContain('https://mirror.example.org/kubernetes/v1.37.1/arm64/kubelet');
  expect(urls).toContain('https://mirror.example.org/cni-plugins/v1.10.0/arm64/host-local');
  expect(urls).toHaveLength(10);
});

test('a mirror on plain http is refused, unless that was said', () => {
  expect(() => listDownloads(release, { mirror: 'http://mirror.example.org' })).toThrow(/is not https/);
  expect(mirrorFrom({ HAUP_MIRROR: 'http://x', HAUP_MIRROR_INSECURE: 'True' })).toEqual({
    mirror: 'http://x',
    insecure: true,
  });
  expect(mirrorFrom({ HAUP_MIRROR_INSECURE: '0' })).toEqual({ mirror: undefined, insecure: false });
  expect(() => mirrorFrom({ HAUP_MIRROR_INSECURE: 'flase' })).toThrow(/must be true or false/);
});

test('every pinned sum is of a file that is downloaded, and is none of a mirror', () => {
  const official = SUPPORTED_MINORS.flatMap(({ release: kubernetesVersion, etcd: etcdVersion }) =>
    ARCHITECTURES.flatMap((arch) => [
      ...listDownloads({ kubernetesVersion, etcdVersion, arch }),
      ...listDownloads({ role: 'node', kubernetesVersion, arch }),
    ]),
  );
  const used = official.map(({ pinned }) => pinned).filter((sum) => sum !== null);
  const written = Object.values(PINS).flatMap((files) => Object.values(files));
  expect(new Set(used)).toEqual(new Set(written));
  expect(new Set(written).size).toBe(written.length);
  for (const sum of written) expect(sum).toMatch(/^[0-9a-f]{64}$/);
  const mirrored = listDownloads(release, { mirror: 'https://mirror.example.org' });
  expect(mirrored.every(({ pinned }) => pinned === null)).toBe(true);
});
