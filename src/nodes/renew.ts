import { X509Certificate } from 'node:crypto';
import { carryOut } from '../replicas/progress.ts';
import { exchange } from '../replicas/provision/exchange.ts';
import type { Waiting } from '../replicas/waiting.ts';
import { shellScript } from '../ssh/script.ts';
import type { Session } from '../ssh/session.ts';
import { nodePkiFiles } from './files.ts';
import { nodePaths } from './paths.ts';
import type { NodePki } from './pki.ts';
import { nodeHealthUrls, nodeUnit } from './units/names.ts';

/** The kubelet watches the files, and looks at them once a minute besides. */
const RELOAD_TIMEOUT_MS = 90_000;

const script = shellScript('nodes/scripts/renewed.sh', [
  ...(['kubelet', 'fingerprint', 'kube_proxy', 'kube_proxy_health'] as const),
]);

/**
 * Gives a node other certificates while its pods run on: the kubelet takes its own for serving up by itself
 * (ReloadKubeletServerCertificateFile), kube-proxy, which reads its kubeconfig once, is started again, and its rules stay meanwhile.
 * Needs SSH alone, neither etcd nor the API. Resolves when the kubelet shows its new certificate; at once where it does not run.
 * @throws ReplicaError, SshError
 */
export async function renewNode(session: Session, pki: NodePki, waiting: Waiting = {}): Promise<void> {
  await exchange(
    session,
    { files: nodePkiFiles(pki), restarts: [nodeUnit.kubeProxy], started: nodePaths.started },
    waiting,
  );
  const { kubelet, kubeProxy } = nodeUnit;
  const work = script({
    ...{ kubelet, fingerprint: new X509Certificate(pki.kubeletCertPem).fingerprint256 },
    ...{ kube_proxy: kubeProxy, kube_proxy_health: nodeHealthUrls[kubeProxy] },
  });
  await carryOut(
    session,
    { doing: "renew the node's certificates", script: work, timeoutMs: RELOAD_TIMEOUT_MS },
    waiting,
  );
}
