import { downloadScript } from '../../artifacts/script.ts';
import { hostArchitecture, listDownloads } from '../../artifacts/sources.ts';
import type { BinarySource } from '../../providers/provider.ts';
import type { ReplicaBinaries } from '../../replicas/config.ts';
import type { ClusterSpec } from '../spec.ts';

/** Where the replicas of a cluster get their binaries: shown by the provider, or fetched by each machine itself. */
export function binariesFor(spec: ClusterSpec, source: BinarySource): ReplicaBinaries {
  if (source.kind === 'mounted') return source;
  const { kubernetesVersion, etcdVersion } = spec;
  const mirror = process.env.HAUP_MIRROR;
  const release = { kubernetesVersion, etcdVersion, arch: hostArchitecture('x64') };
  return { kind: 'download', script: downloadScript(listDownloads(release, mirror ? { mirror } : {})) };
}
