import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { exec } from '../../src/util/exec.ts';
import { waitFor } from '../../src/util/wait.ts';

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
/** Of a node's loopback. */
const PORT = '5001';

/**
 * Gives every node a registry of its own with the images that it has, for specs that pull theirs always.
 * @param haup runs `haup` with a cluster's name among the arguments; returns standard output.
 */
export async function serveImages(
  haup: (args: readonly string[], input?: string) => Promise<string>,
  cluster: string,
  { kubectl, kubeconfig }: { readonly kubectl: string; readonly kubeconfig: string },
): Promise<void> {
  const kube = (...args: string[]): Promise<string> => exec(kubectl, ['--kubeconfig', kubeconfig, ...args]);
  const script = await readFile(here('registry.sh'), 'utf8');
  for (const node of (await kube('get', 'nodes', '-o', 'name')).trim().split('\n'))
    await haup(['ssh', '-c', cluster, node.replace('node/', ''), '--', `sh -s ${PORT}`], script);
  await kube('apply', '-f', here('registry.yaml'));
  await waitFor(
    async () => {
      const args = ['-n', 'conformance-registry', 'get', 'daemonset', 'registry', '-o', 'json'];
      const { desiredNumberScheduled: wanted, numberAvailable } = JSON.parse(await kube(...args)).status;
      return wanted > 0 && numberAvailable === wanted ? true : undefined;
    },
    { what: 'the registries of the nodes', timeoutMs: 300_000 },
  );
}
