import { parseJson } from '../util/text/json.ts';
import { type ApiClient, callApi } from './client.ts';
import { statusMessage } from './status.ts';

/** Administrators by RBAC: whoever deletes its binding has taken every such certificate its rights. */
export const CLUSTER_ADMINS = 'haup:cluster-admins';

const ANSWER_MS = 5000;

/**
 * Binds {@link CLUSTER_ADMINS} to Kubernetes' own role `cluster-admin`; again is no error. `api` must be an administrator's.
 * @throws Error with the API server's words.
 */
export async function bindClusterAdmins(api: ApiClient, signal?: AbortSignal): Promise<void> {
  const { status, text } = await callApi(api, {
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
  if (status >= 300) throw refusal(status, text);
}

/** True when the client may read what only an administrator may. @throws Error with the API server's words. */
export async function isAdministrator(api: ApiClient, signal?: AbortSignal): Promise<true> {
  const path = '/api/v1/namespaces/kube-system/secrets?limit=1';
  const { status, text } = await callApi(api, { path, timeoutMs: ANSWER_MS, signal });
  if (status === 200) return true;
  throw refusal(status, text);
}

function refusal(status: number, text: string): Error {
  return new Error(statusMessage(parseJson(text)) ?? `the API server answers ${status}`);
}
