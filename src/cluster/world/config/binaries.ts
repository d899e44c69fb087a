import { folderOf } from '../../../artifacts/cache.ts';
import { mirrorFrom } from '../../../artifacts/download/mirror.ts';
import { ArtifactError } from '../../../artifacts/errors.ts';
import { downloadScript } from '../../../artifacts/script.ts';
import {
  type AnyRelease,
  ARCHITECTURES,
  type Architecture,
  type Download,
  hostArchitecture,
  listDownloads,
  type Role,
} from '../../../artifacts/sources.ts';
import { resolveSums, type Sums } from '../../../artifacts/sums.ts';
import type { BinarySource } from '../../../providers/provider.ts';
import type { ReplicaBinaries } from '../../../replicas/config.ts';
import { paths } from '../../../replicas/paths.ts';
import type { Variables } from '../../../util/variables.ts';
import type { ClusterSpec } from '../../model/spec.ts';
import type { ClusterMemory } from '../memory.ts';

type Mounted = Extract<BinarySource, { readonly kind: 'mounted' }>;

/**
 * Where the machines of a role get their programs: shown by the provider, or fetched by each machine itself. The machine is told
 * what each file must be, and asks nobody: what haup's source does not have pinned is asked for here, once in the cluster's life.
 * @throws ArtifactError; the signal's reason when aborted.
 */
export async function binariesFor(
  memory: Pick<ClusterMemory, 'sums' | 'rememberSums'>,
  spec: ClusterSpec,
  role: Role,
  source: BinarySource,
  environment: Variables,
  signal?: AbortSignal,
): Promise<ReplicaBinaries> {
  if (source.kind === 'mounted') return mounted(spec, role, source);
  const { mirror, insecure } = mirrorFrom(environment);
  const downloads: Partial<Record<Architecture, readonly Download[]>> = {};
  let sums: Sums = {};
  let missing: unknown;
  for (const arch of ARCHITECTURES) {
    const files = listDownloads(releaseOf(spec, role, arch), { mirror, insecure });
    try {
      sums = { ...sums, ...(await resolveSums(files, { known: memory.sums, insecure, signal })) };
      downloads[arch] = files;
    } catch (error) {
      // A mirror need not have every architecture: the script refuses a machine of another one.
      if (!(error instanceof ArtifactError) || error.kind !== 'not-found') throw error;
      missing ??= error;
    }
  }
  if (Object.keys(downloads).length === 0) throw missing;
  await memory.rememberSums(sums);
  const path = role === 'node' ? paths.downloadedBinaries : releasePath(spec);
  return { kind: 'download', path, script: downloadScript(downloads, sums, { folder: path, insecure }) };
}

/** A master may have two releases at the same time: the one that it runs, and the one that it is about to run. */
function mounted(spec: ClusterSpec, role: Role, source: Mounted): ReplicaBinaries {
  const { path, releases } = source;
  if (role === 'node') return { kind: 'mounted', path };
  return { kind: 'mounted', path: `${releases}/${folderOf(releaseOf(spec, role, hostArchitecture()))}` };
}

function releasePath({ kubernetesVersion, etcdVersion }: ClusterSpec): string {
  return `${paths.downloadedBinaries}/${kubernetesVersion}+etcd-${etcdVersion}`;
}

function releaseOf(
  { kubernetesVersion, etcdVersion }: ClusterSpec,
  role: Role,
  arch: Architecture,
): AnyRelease {
  return role === 'node' ? { role, kubernetesVersion, arch } : { kubernetesVersion, etcdVersion, arch };
}
