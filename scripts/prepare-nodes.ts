import { ensureNodeBinaries } from '../src/artifacts/ensure.ts';
import { ensureOfflineImages } from '../src/artifacts/images/offline.ts';
import { DEFAULT_KUBERNETES_VERSION } from '../src/artifacts/versions.ts';

process.umask(0o022); // as haup itself: machines' users read what is made here

/**
 * Fills the caches for clusters with nodes, after scripts/prepare: what a node runs, and the images that need no registry. From nothing
 * but the masters' half: twelve minutes on two cores shared with other work.
 */
const started = new Set<string>();
const { folder, provenance } = await ensureNodeBinaries({
  environment: process.env,
  kubernetesVersion: process.argv[2] ?? DEFAULT_KUBERNETES_VERSION,
  onProgress: (progress) => {
    const line =
      progress.kind === 'message' ? progress.text : progress.kind === 'build' ? progress.line : null;
    if (line === null || line.startsWith('go: downloading') || started.has(line)) return;
    started.add(line);
    console.log(`prepare: ${line}`);
  },
});
console.log(`prepare: what a node runs (${provenance.kind}): ${folder}`);
const archives = await ensureOfflineImages({
  environment: process.env,
  onProgress: (message) => console.log(`prepare: ${message}`),
});
for (const path of Object.values(archives)) console.log(`prepare: image archive: ${path}`);
