import { basename, dirname } from 'node:path';
import { cacheFolder } from '../../artifacts/cache.ts';
import { ensureNodeBinaries } from '../../artifacts/ensure.ts';
import { builtImagesFolder, ensureOfflineImages } from '../../artifacts/images/offline.ts';
import { readImageArchive } from '../../artifacts/images/read.ts';
import type { ClusterSpec } from '../../cluster/model/spec.ts';
import type { NodeSupplies } from '../../cluster/world/tools.ts';
import type { BinarySource } from '../../providers/provider.ts';
import type { EngineOptions } from '../engine.ts';
import { tellProgress } from '../progress-text.ts';

/**
 * What nodes need on the operator's machine before the first of them is made. Where their programs had to be built, no registry can be
 * reached either: then the images that every cluster with nodes needs are built too.
 */
export async function nodeSupplies(
  spec: ClusterSpec,
  source: BinarySource,
  { signal, emit, environment }: Pick<EngineOptions, 'signal' | 'emit' | 'environment'>,
): Promise<NodeSupplies> {
  const built = source.kind === 'mounted' && (await fetchPrograms());
  const offline = built
    ? await ensureOfflineImages({
        environment,
        signal,
        onProgress: (message) => emit({ type: 'progress', topic: 'images', message }),
      })
    : null;
  const needed = offline ? [offline.pause, offline.coredns] : [];
  const archives = [...needed, ...spec.images].map(async (path) => ({
    ...(await readImageArchive(path)),
    onMachine: seenAt(path),
  }));
  return { images: await Promise.all(archives) };

  /** Where a machine sees what haup has built. */
  function seenAt(path: string): string | undefined {
    const isBuilt = dirname(path) === builtImagesFolder(cacheFolder(environment));
    return source.kind === 'mounted' && isBuilt ? `${source.images}/${basename(path)}` : undefined;
  }

  async function fetchPrograms(): Promise<boolean> {
    const { provenance } = await ensureNodeBinaries({
      environment,
      kubernetesVersion: spec.kubernetesVersion,
      signal,
      onProgress: tellProgress(emit),
    });
    return provenance.kind === 'built from Go modules';
  }
}
