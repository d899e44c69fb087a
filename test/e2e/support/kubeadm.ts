import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../../../src/artifacts/cache.ts';
import { DEFAULT_KUBERNETES_VERSION } from '../../../src/artifacts/versions.ts';
import { exec } from '../../../src/util/exec.ts';

const SCRIPT = fileURLToPath(new URL('../../../scripts/build-node-binaries.sh', import.meta.url));

/** The path of kubeadm, which only tests need: built from Go modules, once. */
export async function kubeadm(): Promise<string> {
  const path = join(cacheFolder(), 'tests', `kubeadm-${DEFAULT_KUBERNETES_VERSION}`);
  const there = await access(path).then(
    () => true,
    () => false,
  );
  if (there) return path;
  const folder = `${path}.new`;
  await mkdir(folder, { recursive: true });
  await exec(SCRIPT, [
    ...['--kubernetes-version', DEFAULT_KUBERNETES_VERSION, '--kubeadm', 'yes', '--output', folder],
  ]);
  await rename(join(folder, 'kubeadm'), path);
  await rm(folder, { recursive: true });
  return path;
}
