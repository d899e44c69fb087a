import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ECHO_IMAGE } from '../../../src/artifacts/images/names.ts';
import { exec, tryExec } from '../../../src/util/exec.ts';

export interface PodsOnNodes {
  readonly nodes: readonly {
    readonly name: string;
    readonly providerId: string;
    readonly region: string;
    readonly zone: string;
  }[];
  /** Whether the pod on the first node is answered by that on the second, which sees the first one's own address. */
  reach(): Promise<boolean>;
}

/**
 * Starts a pod on each of the cluster's two nodes, with the kubectl of this release, as a user would.
 * @param binaries the folder that holds kubectl
 * @param folder for the kubeconfig
 */
export async function podsOnNodes(
  kubeconfig: string,
  binaries: string,
  folder: string,
): Promise<PodsOnNodes> {
  const file = join(folder, 'kubeconfig');
  await writeFile(file, kubeconfig, { mode: 0o600 });
  const program = [join(binaries, 'kubectl'), '--kubeconfig', file];
  const kubectl = (...args: string[]) => exec(program[0]!, [...program.slice(1), ...args]);
  const list = async (kind: string) =>
    (JSON.parse(await kubectl('get', kind, '-o', 'json')) as { items: Listed[] }).items;

  const nodes = (await list('nodes')).map(({ metadata: { name, labels }, spec }) => ({
    name,
    providerId: spec.providerID ?? '',
    region: labels?.['topology.kubernetes.io/region'] ?? '',
    zone: labels?.['topology.kubernetes.io/zone'] ?? '',
  }));
  if (nodes.length !== 2) throw new Error(`${nodes.length} nodes: ${JSON.stringify(nodes)}`);
  for (const [index, { name }] of nodes.entries()) {
    const overrides = JSON.stringify({ spec: { nodeName: name } });
    await kubectl('run', `echo-${index}`, `--image=${ECHO_IMAGE}`, `--overrides=${overrides}`);
  }
  await kubectl('wait', '--for=condition=Ready', 'pod/echo-0', 'pod/echo-1', '--timeout=180s');
  const [first, second] = (await list('pods')).map(({ status }) => status.podIP ?? '');
  return {
    nodes,
    async reach() {
      const ask = ['exec', 'echo-0', '--', '/echo', 'get', `http://${second}:8080/`];
      const { stdout } = await tryExec('timeout', ['8', ...program, ...ask]);
      return stdout.includes(`to ${first}:`);
    },
  };
}

interface Listed {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly providerID?: string };
  readonly status: { readonly podIP?: string };
}
