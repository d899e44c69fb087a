import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { AnyRelease } from './sources.ts';
import { NODE_VERSIONS } from './versions.ts';

/** Where artifacts and machine images are kept: $HAUP_CACHE, else /var/cache/haup for root and ~/.cache/haup for others. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, uid = process.getuid?.()): string {
  if (env.HAUP_CACHE) return resolve(env.HAUP_CACHE);
  return uid === 0 ? '/var/cache/haup' : join(env.HOME || homedir(), '.cache', 'haup');
}

/** The folder of one release's executables and their manifest.json. */
export function binariesFolder(cache: string, release: AnyRelease): string {
  if (release.role === 'node') {
    const { containerd, cniPlugins, criTools } = NODE_VERSIONS;
    const others = `containerd-${containerd}+cni-${cniPlugins}+cri-tools-${criTools}`;
    return join(cache, 'binaries', `node-${release.kubernetesVersion}+${others}-${release.arch}`);
  }
  return join(cache, 'binaries', `${release.kubernetesVersion}+etcd-${release.etcdVersion}-${release.arch}`);
}
