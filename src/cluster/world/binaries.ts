import { downloadScript } from '../../artifacts/script.ts';
import { ARCHITECTURES, listDownloads } from '../../artifacts/sources.ts';
import type { BinarySource } from '../../providers/provider.ts';
import type { ReplicaBinaries } from '../../replicas/config.ts';
import type { ClusterSpec } from '../model/spec.ts';

/** Where the replicas of a cluster get their binaries: shown by the provider, or fetched by each machine itself. */
export function binariesFor(spec: ClusterSpec, source: BinarySource): ReplicaBinaries {
  if (source.kind === 'mounted') return source;
  const { kubernetesVersion, etcdVersion } = spec;
  const mirror = process.env.HAUP_MIRROR;
  const downloads = ARCHITECTURES.map(
    (arch) =>
      [arch, listDownloads({ kubernetesVersion, etcdVersion, arch }, mirror ? { mirror } : {})] as const,
  );
  return { kind: 'download', script: downloadScript(Object.fromEntries(downloads)) };
}
