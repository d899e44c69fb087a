import { ArtifactError } from './errors.ts';
import { parseEtcdVersion, parseKubernetesVersion } from './versions.ts';

/** The executables that a master replica needs; their names are their file names everywhere. */
export const BINARIES = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubectl',
  'etcd',
  'etcdctl',
] as const;
export type BinaryName = (typeof BINARIES)[number];

const KUBERNETES_BINARIES = BINARIES.filter((name) => name.startsWith('kube'));
const ETCD_BINARIES = BINARIES.filter((name) => name.startsWith('etcd'));

export const ARCHITECTURES = ['amd64', 'arm64'] as const;
/** In Go's names, which the release files use too. */
export type Architecture = (typeof ARCHITECTURES)[number];

/** One release on one kind of processor. */
export interface Release {
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
  readonly binaries: readonly {
    readonly name: BinaryName;
    /** The path inside the .tar.gz, or null where the file itself is the executable. */
    readonly archiveMember: string | null;
  }[];
}

/** Where the official releases are. Another value is for tests only; users set a mirror. */
export interface Origins {
  readonly kubernetes: string;
  readonly etcd: string;
}

const OFFICIAL: Origins = {
  kubernetes: 'https://dl.k8s.io/release',
  etcd: 'https://github.com/etcd-io/etcd/releases/download',
};

/** This machine's architecture. @throws ArtifactError of kind usage on one that has no etcd release for it here. */
export function hostArchitecture(arch: string = process.arch): Architecture {
  if (arch === 'x64') return 'amd64';
  if (arch === 'arm64') return 'arm64';
  throw new ArtifactError('usage', `haup runs masters on amd64 and arm64, not on ${arch}`);
}

/**
 * The files that hold the six executables of a release, to be fetched by this process or by a cloud VM itself.
 * With a mirror, `<mirror>/kubernetes/<version>/<arch>/<binary>` and `<mirror>/etcd/<version>/<arch>/<binary>`, each with
 * its SHA-256 at the same URL plus `.sha256`; without one, the official releases.
 * @throws ArtifactError of kind usage for a version or a mirror that is not accepted.
 */
export function listDownloads(
  release: Release,
  options: { mirror?: string | undefined; origins?: Origins } = {},
): Download[] {
  const kubernetes = parseKubernetesVersion(release.kubernetesVersion);
  const etcd = parseEtcdVersion(release.etcdVersion);
  const { arch } = release;
  if (!ARCHITECTURES.includes(arch)) throw new ArtifactError('usage', `unknown architecture "${arch}"`);
  const mirror = options.mirror ? parseMirror(options.mirror) : null;
  const origins = options.origins ?? OFFICIAL;
  const kubernetesFolder = mirror
    ? `${mirror}/kubernetes/${kubernetes}/${arch}`
    : `${origins.kubernetes}/${kubernetes}/bin/linux/${arch}`;
  return [
    ...KUBERNETES_BINARIES.map((name) => executable(name, kubernetesFolder, `${kubernetes}-${arch}`)),
    ...(mirror
      ? ETCD_BINARIES.map((name) => executable(name, `${mirror}/etcd/${etcd}/${arch}`, `${etcd}-${arch}`))
      : [etcdArchive(`${origins.etcd}/${etcd}`, `etcd-${etcd}-linux-${arch}`)]),
  ];
}

function executable(name: BinaryName, folder: string, key: string): Download {
  return {
    key: `${name}-${key}`,
    url: `${folder}/${name}`,
    checksumUrl: `${folder}/${name}.sha256`,
    fileName: name,
    binaries: [{ name, archiveMember: null }],
  };
}

function etcdArchive(folder: string, stem: string): Download {
  return {
    key: `${stem}.tar.gz`,
    url: `${folder}/${stem}.tar.gz`,
    checksumUrl: `${folder}/SHA256SUMS`,
    fileName: `${stem}.tar.gz`,
    binaries: ETCD_BINARIES.map((name) => ({ name, archiveMember: `${stem}/${name}` })),
  };
}

/** A mirror's base URL, without a slash at its end. Credentials in it would end up in logs and in cloud metadata. */
function parseMirror(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.search || url.hash) {
    throw new ArtifactError(
      'usage',
      'the mirror must be an http or https URL, such as https://mirror.example.org/haup',
    );
  }
  if (url.username || url.password) {
    throw new ArtifactError(
      'usage',
      'the mirror must not hold a user name or a password: it would show up in logs',
    );
  }
  return url.href.replace(/\/+$/, '');
}

/** The SHA-256 (lower case) of `fileName` in the text of a checksum file, or null where it has none. */
export function findChecksum(text: string, fileName: string): string | null {
  for (const line of text.split('\n')) {
    const [, sum, name] = /^([0-9a-f]{64})(?:\s+\*?(?:\.\/)?(\S+))?\s*$/i.exec(line) ?? [];
    if (sum !== undefined && (name === undefined || name === fileName)) return sum.toLowerCase();
  }
  return null;
}
