/** Of labels and taints: `disk`, `example.com/disk`. */
export const QUALIFIED_NAME =
  /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

export const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/**
 * A kubelet that is told to give itself such a label does not start: none of Kubernetes' own but those below node.kubernetes.io and
 * kubelet.kubernetes.io (NodeRestriction). Those of place are haup's.
 */
export function isOthersLabel(key: string): boolean {
  return /^(?!(?:[a-z0-9-]+\.)?(?:node|kubelet)\.kubernetes\.io\/)(?:[^/]*\.)?(?:kubernetes|k8s)\.io\//.test(
    key,
  );
}
