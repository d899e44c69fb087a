import { parseMirror } from './download/mirror.ts';
import { ArtifactError } from './errors.ts';
import { pinnedSum } from './pins.ts';
import { NODE_VERSIONS, parseEtcdVersion, parseKubernetesVersion } from './versions.ts';

/** The executables that a machine of a role needs, by where they come from; their names are their file names everywhere. */
export const PROGRAMS = {
  master: {
    kubernetes: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'],
    etcd: ['etcd', 'etcdctl', 'etcdutl'],
  },
  node: {
    kubernetes: ['kubelet', 'kube-proxy'],
    containerd: ['containerd', 'containerd-shim-runc-v2', 'ctr'],
    'cni-plugins': ['ptp', 'host-local', 'portmap', 'loopback'],
    'cri-tools': ['crictl'],
  },
} as const satisfies Readonly<Record<string, Partial<Record<Component, readonly string[]>>>>;

type Component = 'kubernetes' | 'etcd' | 'containerd' | 'cni-plugins' | 'cri-tools';
export type Role = keyof typeof PROGRAMS;

export const BINARIES = [...PROGRAMS.master.kubernetes, ...PROGRAMS.master.etcd] as const;
export type BinaryName = (typeof BINARIES)[number];

/** All executables of a role, in the table's order. */
export function programsOf(role: Role): readonly string[] {
  return Object.values(PROGRAMS[role]).flat();
}

export const ARCHITECTURES = ['amd64', 'arm64'] as const;
/** In Go's names, which the release files use too. */
export type Architecture = (typeof ARCHITECTURES)[number];

/** What a node runs of one Kubernetes release; the versions of the rest go with haup's own (NODE_VERSIONS). */
export interface NodeRelease {
  readonly role: 'node';
  /** "v1.37.1" */
  readonly kubernetesVersion: string;
  readonly arch: Architecture;
}

export type AnyRelease = Release | NodeRelease;

/** What a machine of this release is for. */
export function roleOf(release: AnyRelease): Role {
  return release.role ?? 'master';
}

/** What a master runs: one release on one kind of processor. */
export interface Release {
  readonly role?: 'master';
  /** "v1.37.1" */
  readonly kubernetesVersion: string;
  /** "v3.7.3" */
  readonly etcdVersion: string;
  readonly arch: Architecture;
}

/** One file to fetch, and the executables that come out of it. */
export interface Download {
  /** Safe as a file name, and different for each version and architecture. */
  readonly key: string;
  readonly url: string;
  /** Text with the SHA-256 of the file: either that alone, or lines of `sha256  name`. */
  readonly checksumUrl: string;
  /** The name to look for in the lines at `checksumUrl`. */
  readonly fileName: string;
  /** Its SHA-256 as haup's source has it; null: it does not have it, and `checksumUrl` says it. */
  readonly pinned: string | null;
  readonly binaries: readonly {
    readonly name: string;
    /** The path inside the .tar.gz, or null where the file itself is the executable. */
    readonly archiveMember: string | null;
  }[];
}

/** Where the official releases are. Another value is for tests only; users set a mirror. */
export interface Origins {
  readonly kubernetes: string;
  readonly etcd: string;
  readonly containerd?: string;
  readonly 'cni-plugins'?: string;
  readonly 'cri-tools'?: string;
}

const OFFICIAL: Required<Origins> = {
  kubernetes: 'https://dl.k8s.io/release',
  etcd: 'https://github.com/etcd-io/etcd/releases/download',
  containerd: 'https://github.com/containerd/containerd/releases/download',
  'cni-plugins': 'https://github.com/containernetworking/plugins/releases/download',
  'cri-tools': 'https://github.com/kubernetes-sigs/cri-tools/releases/download',
};

/** This machine's architecture. @throws ArtifactError of kind usage on one that has no etcd release for it here. */
export function hostArchitecture(arch: string = process.arch): Architecture {
  if (arch === 'x64') return 'amd64';
  if (arch === 'arm64') return 'arm64';
  throw new ArtifactError('usage', `haup runs masters on amd64 and arm64, not on ${arch}`);
}

/**
 * The files that hold the executables of a release, to be fetched by this process or by a cloud VM itself.
 * With a mirror, `<mirror>/<component>/<version>/<arch>/<binary>` (components as in {@link PROGRAMS}), each with its SHA-256 at
 * the same URL plus `.sha256`; without one, the official releases. A mirror may hold other builds: nothing of it is pinned.
 * @throws ArtifactError of kind usage for a version or a mirror that is not accepted.
 */
export function listDownloads(
  release: AnyRelease,
  options: { mirror?: string | undefined; insecure?: boolean; origins?: Origins } = {},
): Download[] {
  const versions = versionsOf(release);
  const { arch } = release;
  if (!ARCHITECTURES.includes(arch)) throw new ArtifactError('usage', `unknown architecture "${arch}"`);
  const mirror = options.mirror ? parseMirror(options.mirror, options.insecure ?? false) : null;
  const origins = { ...OFFICIAL, ...options.origins };
  return (Object.entries(PROGRAMS[roleOf(release)]) as [Component, readonly string[]][]).flatMap(
    ([component, names]) => {
      const version = versions[component];
      const isOfficial = mirror === null && options.origins === undefined;
      const pin = (file: string) => (isOfficial ? pinnedSum(component, version, arch, file) : null);
      const each = (folder: string) =>
        names.map((name) => executable(name, folder, `${version}-${arch}`, pin(name)));
      if (mirror) return each(`${mirror}/${component}/${version}/${arch}`);
      const origin = `${origins[component]}/${version}`;
      const official = ARCHIVES[component];
      if (!official) return each(`${origin}/bin/linux/${arch}`);
      const { fileName, checksums, member } = official(version, arch);
      return [
        {
          key: fileName,
          url: `${origin}/${fileName}`,
          checksumUrl: `${origin}/${checksums}`,
          fileName,
          pinned: pin(fileName),
          binaries: names.map((name) => ({ name, archiveMember: member(name) })),
        },
      ];
    },
  );
}

function versionsOf(release: AnyRelease): Readonly<Record<Component, string>> {
  return {
    kubernetes: parseKubernetesVersion(release.kubernetesVersion),
    etcd: 'etcdVersion' in release ? parseEtcdVersion(release.etcdVersion) : '',
    containerd: NODE_VERSIONS.containerd,
    'cni-plugins': NODE_VERSIONS.cniPlugins,
    'cri-tools': NODE_VERSIONS.criTools,
  };
}

interface OfficialArchive {
  readonly fileName: string;
  /** The file with its SHA-256, beside it. */
  readonly checksums: string;
  /** Where an executable is inside. */
  readonly member: (name: string) => string;
}

/** How official releases that are archives are named; Kubernetes' are single files. */
const ARCHIVES: Readonly<
  Partial<Record<Component, (version: string, arch: Architecture) => OfficialArchive>>
> = {
  etcd: (version, arch) => {
    const stem = `etcd-${version}-linux-${arch}`;
    return { fileName: `${stem}.tar.gz`, checksums: 'SHA256SUMS', member: (name) => `${stem}/${name}` };
  },
  containerd: (version, arch) => {
    const fileName = `containerd-${version.slice(1)}-linux-${arch}.tar.gz`;
    return { fileName, checksums: `${fileName}.sha256sum`, member: (name) => `bin/${name}` };
  },
  'cni-plugins': (version, arch) => {
    const fileName = `cni-plugins-linux-${arch}-${version}.tgz`;
    return { fileName, checksums: `${fileName}.sha256`, member: (name) => `./${name}` };
  },
  'cri-tools': (version, arch) => {
    const fileName = `crictl-${version}-linux-${arch}.tar.gz`;
    return { fileName, checksums: `${fileName}.sha256`, member: (name) => name };
  },
};

function executable(name: string, folder: string, key: string, pinned: string | null): Download {
  return {
    key: `${name}-${key}`,
    url: `${folder}/${name}`,
    checksumUrl: `${folder}/${name}.sha256`,
    fileName: name,
    pinned,
    binaries: [{ name, archiveMember: null }],
  };
}

/** The SHA-256 (lower case) of `fileName` in the text of a checksum file, or null where it has none. */
export function findChecksum(text: string, fileName: string): string | null {
  for (const line of text.split('\n')) {
    const [, sum, name] = /^([0-9a-f]{64})(?:\s+\*?(?:\.\/)?(\S+))?\s*$/i.exec(line) ?? [];
    if (sum !== undefined && (name === undefined || name === fileName)) return sum.toLowerCase();
  }
  return null;
}
