import { call } from './call.ts';
import type { ApiClient } from './client.ts';

/** Administrators by RBAC: whoever deletes its binding has taken every such certificate its rights. */
export const CLUSTER_ADMINS = 'haup:cluster-admins';

const ANSWER_MS = 5000;

/**
 * Binds {@link CLUSTER_ADMINS} to Kubernetes' own role `cluster-admin`; again is no error. `api` must be an administrator's.
 * @throws ApiError; what callApi throws where nobody answers
 */
export async function bindClusterAdmins(api: ApiClient, signal?: AbortSignal): Promise<void> {
  await call(api, {
    doing: `bind ${CLUSTER_ADMINS} to cluster-admin`,
    method: 'PATCH',
    path: `/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/${CLUSTER_ADMINS}?fieldManager=haup&force=true`,
    contentType: 'application/apply-patch+yaml',
    body: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: CLUSTER_ADMINS },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: CLUSTER_ADMINS }],
    },
    timeoutMs: ANSWER_MS,
    signal,
  });
}

/** True when the client may read what only an administrator may. @throws ApiError; what callApi throws where nobody answers */
export async function isAdministrator(api: ApiClient, signal?: AbortSignal): Promise<true> {
  const path = '/api/v1/namespaces/kube-system/secrets?limit=1';
  await call(api, { doing: 'read what an administrator may', path, timeoutMs: ANSWER_MS, signal });
  return true;
}
