import { join, resolve } from 'node:path';
import { entries } from '../util/files.ts';
import { homeFolder } from '../util/host/home.ts';
import { exposureOf } from '../util/host/private-folder.ts';
import type { Variables } from '../util/variables.ts';
import { ArtifactError } from './errors.ts';
import type { AnyRelease } from './sources.ts';
import { NODE_VERSIONS } from './versions.ts';

/**
 * Where artifacts and machine images are kept: $HAUP_CACHE, else /var/cache/haup for root and ~/.cache/haup for others, or
 * $HAUP_HOME/cache for a user without a home folder.
 * @throws ArtifactError of kind usage where there is none of these.
 */
export function cacheFolder(env: Variables, uid = process.getuid?.()): string {
  if (env.HAUP_CACHE) return resolve(env.HAUP_CACHE);
  if (uid === 0) return '/var/cache/haup';
  const home = homeFolder(env);
  if (home !== null) return join(home, '.cache', 'haup');
  if (env.HAUP_HOME) return resolve(env.HAUP_HOME, 'cache');
  throw new ArtifactError('usage', 'there is no home folder for the cache; set HAUP_CACHE to a folder');
}

/** The folder of one release's executables and their manifest.json. */
export function cachedBinaries(cache: string, release: AnyRelease): string {
  return join(allBinaries(cache), folderOf(release));
}

/** The folder of the folders of all releases. */
export function allBinaries(cache: string): string {
  return join(cache, 'binaries');
}

/** What a release's folder is called, in the cache and on machines that are shown it. */
export function folderOf(release: AnyRelease): string {
  if (release.role === 'node') {
    const { containerd, cniPlugins, criTools } = NODE_VERSIONS;
    const others = `containerd-${containerd}+cni-${cniPlugins}+cri-tools-${criTools}`;
    return `node-${release.kubernetesVersion}+${others}-${release.arch}`;
  }
  return `${release.kubernetesVersion}+etcd-${release.etcdVersion}-${release.arch}`;
}

/**
 * What is in the cache runs as root on the machines: others must not write to it.
 * @throws ArtifactError of kind exposed, with the command that mends it.
 */
export async function refuseExposed(cache: string): Promise<void> {
  for (const name of ['', ...(await entries(cache).catch(() => []))]) {
    const exposure = await exposureOf(join(cache, name));
    if (!exposure) continue;
    throw new ArtifactError('exposed', `the cache is not used: ${exposure.fault}`, { advice: exposure.mend });
  }
}
