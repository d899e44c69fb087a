import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_KUBERNETES_VERSION } from '../../../src/artifacts/versions.ts';
import { exec } from '../../../src/util/exec.ts';
import { builtOnce } from '../../support/built-once.ts';

const SCRIPT = fileURLToPath(new URL('../../../scripts/build-node-binaries.sh', import.meta.url));

/** The path of kubeadm, which only tests need: built from Go modules, once. */
export async function kubeadm(): Promise<string> {
  const version = ['--kubernetes-version', DEFAULT_KUBERNETES_VERSION];
  const folder = await builtOnce(`go-kubeadm-${DEFAULT_KUBERNETES_VERSION}`, (output) =>
    exec(SCRIPT, [...version, '--kubeadm', 'yes', '--output', output]),
  );
  return join(folder, 'kubeadm');
}
