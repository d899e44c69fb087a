import { DRILL_NAMESPACE } from '../../cluster/model/drill.ts';
import type { Kind } from '../model/kinds.ts';
import { NAMESPACE } from '../model/names.ts';
import type { ApiObject } from '../model/object.ts';

/** Namespaces that every cluster has for itself. */
const OWN = ['kube-system', 'kube-public', 'kube-node-lease', NAMESPACE];

function isOwn(namespace: string): boolean {
  return OWN.includes(namespace) || namespace.startsWith(DRILL_NAMESPACE);
}

/** Secrets that are credentials of one API server. */
const CREDENTIALS = ['kubernetes.io/service-account-token', 'bootstrap.kubernetes.io/token'];

/** Whether an object of the federation's API is for its members, and not there for the federation's own sake. */
export function isFederated(kind: Kind, object: ApiObject): boolean {
  const { name, namespace, ownerReferences = [] } = object.metadata;
  if (isOwn(kind.namespaced ? (namespace ?? '') : name) || ownerReferences.length > 0) return false;
  if (kind.kind === 'Namespace') return name !== 'default';
  if (kind.kind === 'Service') return !(namespace === 'default' && name === 'kubernetes');
  if (kind.kind === 'ConfigMap') return name !== 'kube-root-ca.crt';
  if (kind.kind === 'Secret') return !CREDENTIALS.includes(String(object.type));
  return true;
}
