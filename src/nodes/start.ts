import { CONTAINERD_SOCKET } from '../kubernetes/kubelet.ts';
import { paths } from '../replicas/paths.ts';
import { carryOut } from '../replicas/progress.ts';
import type { Waiting } from '../replicas/waiting.ts';
import { shellScript } from '../ssh/script.ts';
import type { Session } from '../ssh/session.ts';
import { yamlText } from '../util/text/yaml.ts';
import { nodePaths } from './paths.ts';
import { type NodeIdentity, serverUrl } from './pki.ts';
import { conflist } from './settings/conflist.ts';
import { nodeHealthUrls, nodeUnit } from './units/names.ts';

/** For the container runtime and the kubelet's certificate, and again for all to be well. */
export const START_TIMEOUT_MS = 180_000;

/** Where what starts is, for the scripts that start it. */
const places = {
  units: paths.units,
  current: paths.current,
  started: nodePaths.started,
  mounts: nodeUnit.mounts,
  containerd: nodeUnit.containerd,
} as const;
const placeNames = Object.keys(places) as (keyof typeof places)[];
const startInputs = {
  ...places,
  kubelet: nodeUnit.kubelet,
  kubeconfig: nodePaths.kubeconfig,
  client: nodePaths.clientCertificate,
} as const;
const startScript = shellScript(
  'nodes/scripts/start.sh',
  Object.keys(startInputs) as (keyof typeof startInputs)[],
);

/** POSIX shell by which the container runtime of a machine that is no node yet starts, before all else: it needs nobody's credentials. */
export const startRuntime = shellScript('nodes/scripts/start-runtime.sh', placeNames)(places);

const listImagesScript = shellScript('nodes/scripts/list-images.sh', [
  ...(['ctr', 'socket', 'blobs'] as const),
  ...placeNames,
]);

const awaitScript = shellScript('nodes/scripts/await-node.sh', [
  ...(['kubelet', 'kubelet_health', 'kube_proxy', 'kube_proxy_health'] as const),
]);

export interface StartNode {
  readonly node: NodeIdentity;
  readonly caPem: string;
  /** A bootstrap token "id.secret" (api/token.ts); asked for only where the node has no client certificate that is still good. */
  readonly token: () => Promise<string>;
  /** What it has is forgotten first, however good. */
  readonly anew?: boolean;
  /** That was seen a moment ago: nobody need look again. Default: it is looked. */
  readonly lacksCertificate?: boolean;
}

/**
 * Starts containerd, kubelet and kube-proxy, now and at every boot; services that run with another release than the one in force
 * are started again (pods stay). Resolves when the container runtime of the release in force runs and the kubelet has its client
 * certificate: its Node object is there or about to be. That all of them are well: {@link nodeIsWell}.
 * @throws ReplicaError, which names the part and shows its last words; SshError
 */
export async function startNode(
  session: Session,
  { node, caPem, token, anew = false, lacksCertificate = false }: StartNode,
  waiting: Waiting = {},
): Promise<void> {
  const known = `[ -s ${nodePaths.kubeconfig} ] && openssl x509 -checkend 60 -noout -in ${nodePaths.clientCertificate} >/dev/null 2>&1`;
  const look = { what: 'look at its certificate', signal: waiting.signal };
  if (anew || lacksCertificate || (await session.exec(known, look)).code !== 0) {
    const content = bootstrapKubeconfig(node, caPem, await token());
    await session.pushFiles([{ path: nodePaths.bootstrapKubeconfig, content, mode: 0o600 }], {
      what: 'hand over a bootstrap token',
      signal: waiting.signal,
    });
    if (anew) {
      const forget = `systemctl stop ${nodeUnit.kubelet}; rm -f ${nodePaths.kubeconfig} ${nodePaths.clientCertificate}`;
      await session.run(forget, { what: 'forget its credentials', signal: waiting.signal });
    }
  }
  // In this order; what the release has not is passed over.
  const script = startScript(startInputs, Object.values(nodeUnit));
  await carryOut(session, { doing: 'start the node', script, timeoutMs: START_TIMEOUT_MS }, waiting);
}

/**
 * What `ctr images list` says, as soon as the container runtime of the release in force runs: it may be about to start. A line "sees BYTES PATH" for
 * each archive that is there on the machine.
 * @param ctr the program. @param archives absolute paths on the machine.
 * @throws ReplicaError, which names the part that does not start; SshError
 */
export function listImages(
  session: Session,
  ctr: string,
  archives: readonly string[],
  waiting: Waiting = {},
): Promise<string> {
  const inputs = { ...places, ctr, socket: CONTAINERD_SOCKET, blobs: nodePaths.imageBlobs };
  const script = listImagesScript(inputs, archives);
  return carryOut(session, { doing: 'list its images', script, timeoutMs: START_TIMEOUT_MS }, waiting);
}

/**
 * Resolves when a started node's services are well. It is not Ready before {@link connectPods}.
 * @throws ReplicaError, which names the part and shows its last words; SshError
 */
export async function nodeIsWell(session: Session, waiting: Waiting = {}): Promise<void> {
  const { kubelet, kubeProxy } = nodeUnit;
  const script = awaitScript({
    ...{ kubelet, kubelet_health: nodeHealthUrls[kubelet] },
    ...{ kube_proxy: kubeProxy, kube_proxy_health: nodeHealthUrls[kubeProxy] },
  });
  await carryOut(session, { doing: 'start the node', script, timeoutMs: START_TIMEOUT_MS }, waiting);
}

/** Starts the kubelet again, and its pods run on. @throws as {@link nodeIsWell} */
export async function restartKubelet(session: Session, waiting: Waiting = {}): Promise<void> {
  // Why it does not come back, the wait says.
  const restart = `systemctl restart --no-block ${nodeUnit.kubelet}`;
  await session.run(restart, { what: 'start the kubelet again', signal: waiting.signal });
  await nodeIsWell(session, waiting);
}

/** A node that has all it needs forgets what it has joined by; as long as it is there, the node is still to join. @throws SshError */
export async function forgetBootstrap(session: Session, signal: AbortSignal | undefined): Promise<void> {
  await session.run(`rm -f ${nodePaths.bootstrapKubeconfig}`, { what: 'forget the bootstrap token', signal });
}

/** kubelet's first kubeconfig. */
function bootstrapKubeconfig(node: NodeIdentity, caPem: string, token: string): string {
  const data = Buffer.from(caPem).toString('base64');
  return yamlText({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: node.cluster, cluster: { server: serverUrl(node), 'certificate-authority-data': data } },
    ],
    users: [{ name: 'bootstrap', user: { token } }],
    contexts: [{ name: 'bootstrap', context: { cluster: node.cluster, user: 'bootstrap' } }],
    'current-context': 'bootstrap',
  });
}

/**
 * Gives the node's pods their network: the range that the API has given it (Node spec.podCIDR). Until then the node is not Ready. A route
 * to the range by way of the node's address is the provider's affair, and belongs before this. Nothing to do where `cni` is `none`.
 * @throws SshError
 */
export async function connectPods(session: Session, podCidr: string, waiting: Waiting = {}): Promise<void> {
  await session.pushFiles([{ path: nodePaths.conflist, content: conflist(podCidr), mode: 0o644 }], {
    what: 'give pods their network',
    signal: waiting.signal,
  });
}
