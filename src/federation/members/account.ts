import { kindNames, kinds } from '../model/kinds.ts';
import { NAMESPACE } from '../model/names.ts';
import type { ApiObject } from '../model/object.ts';

const RBAC = 'rbac.authorization.k8s.io';
const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];
const LOOK = ['get', 'list', 'watch'];

/** The federation's account in a member, and where each of its objects is there. */
export interface Account {
  readonly object: ApiObject;
  /** `/api/v1/namespaces/haup-federation` */
  readonly path: string;
  /** "the role haup:federation:demo" */
  readonly called: string;
}

/**
 * What a member needs so that a federation of this name can work in it, in the order in which it is made: an account that may keep the
 * ten kinds, look at Services' endpoints and at nodes, and renew its own token. Nothing else: no pods, no roles, no other account.
 */
export function accountOf(federation: string): readonly Account[] {
  const metadata = { name: federation, namespace: NAMESPACE };
  const role = `haup:federation:${federation}`;
  const subjects = [{ kind: 'ServiceAccount', ...metadata }];
  const rules = [
    ...kindNames.map((name) => {
      const { apiVersion, plural } = kinds[name];
      return { apiGroups: [groupOf(apiVersion)], resources: [plural], verbs: VERBS };
    }),
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: LOOK },
    { apiGroups: [''], resources: ['nodes'], verbs: LOOK },
    { nonResourceURLs: ['/readyz', '/version'], verbs: ['get'] },
  ];
  const apiVersion = `${RBAC}/v1`;
  const own = [
    { apiGroups: [''], resources: ['serviceaccounts/token'], resourceNames: [federation], verbs: ['create'] },
  ];
  const within = `/namespaces/${NAMESPACE}`;
  const rbac = `/apis/${apiVersion}`;
  return [
    {
      object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
      path: `/api/v1${within}`,
      called: `the namespace ${NAMESPACE}`,
    },
    {
      object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false },
      path: `/api/v1${within}/serviceaccounts/${federation}`,
      called: `the service account ${NAMESPACE}/${federation}`,
    },
    {
      object: { apiVersion, kind: 'ClusterRole', metadata: { name: role }, rules },
      path: `${rbac}/clusterroles/${role}`,
      called: `the cluster role ${role}`,
    },
    {
      object: {
        apiVersion,
        kind: 'ClusterRoleBinding',
        metadata: { name: role },
        roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
        subjects,
      },
      path: `${rbac}/clusterrolebindings/${role}`,
      called: `the cluster role binding ${role}`,
    },
    {
      object: { apiVersion, kind: 'Role', metadata, rules: own },
      path: `${rbac}${within}/roles/${federation}`,
      called: `the role ${NAMESPACE}/${federation}`,
    },
    {
      object: {
        apiVersion,
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup: RBAC, kind: 'Role', name: federation },
        subjects,
      },
      path: `${rbac}${within}/rolebindings/${federation}`,
      called: `the role binding ${NAMESPACE}/${federation}`,
    },
  ];
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.split('/')[0]! : '';
}
