import type { Addon } from '../../addons/addons.ts';
import type { KubernetesObject } from '../../addons/object.ts';
import { rightsToKeep } from '../../addons/rights.ts';

/**
 * Who of haup's own may do what to the API server. The units on a master, and the API server towards kubelets, have identities
 * of their own (pki/profiles.ts) with these rights and no others: none is in `system:masters`, whose certificates nothing but a
 * new authority revokes. The add-on unit of every master keeps these objects; its own right to do so is haup's to give, since
 * Kubernetes lets nobody give what he has not got.
 */

const API = 'rbac.authorization.k8s.io';
const apiVersion = `${API}/v1`;
const KUBELET_CLIENT = 'haup:kubelet-client';
const ENDPOINTS = 'haup:endpoints';
const LEASES = ['kube-controller-manager', 'kube-scheduler'].map((lease) => ({
  lease,
  name: `haup:lease:${lease}`,
}));

/** A server-side apply is a patch, and a creation where there is nothing yet. */
const APPLY = ['get', 'patch', 'create'];

/** The manifests of the add-on `rights`. */
export function rights(): KubernetesObject[] {
  const endpoints = [
    { apiGroups: [''], resources: ['endpoints'], resourceNames: ['kubernetes'], verbs: APPLY },
    {
      apiGroups: ['discovery.k8s.io'],
      resources: ['endpointslices'],
      resourceNames: ['kubernetes'],
      verbs: APPLY,
    },
  ];
  return [
    binding(KUBELET_CLIENT, 'system:kubelet-api-admin', 'kube-apiserver-kubelet-client'),
    ...granted('default', ENDPOINTS, endpoints),
    ...LEASES.flatMap(({ name, lease }) =>
      granted('kube-system', name, [
        {
          apiGroups: ['coordination.k8s.io'],
          resources: ['leases'],
          resourceNames: [lease],
          verbs: ['get', 'patch'],
        },
      ]),
    ),
  ];
}

/** What haup gives the add-on units: to keep the objects of {@link rights} and of the add-ons, by name, and no others. */
export function addonRights(addons: readonly Addon[]): KubernetesObject[] {
  const rules = rightsToKeep([...rights(), ...addons.flatMap(({ objects }) => objects)]);
  const name = 'haup:addons';
  return [
    { apiVersion, kind: 'ClusterRole', metadata: { name }, rules } as KubernetesObject,
    binding(name, name, name),
  ];
}

/** Where an object of these is in the API. */
export function pathOf({ kind, metadata: { name, namespace } }: KubernetesObject): string {
  const within = namespace === undefined ? '' : `/namespaces/${namespace}`;
  return `/apis/${apiVersion}${within}/${kind.toLowerCase()}s/${name}`;
}

function granted(namespace: string, name: string, rules: readonly unknown[]): KubernetesObject[] {
  const metadata = { name, namespace };
  return [
    { apiVersion, kind: 'Role', metadata, rules } as KubernetesObject,
    {
      apiVersion,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: API, kind: 'Role', name },
      subjects: [{ apiGroup: API, kind: 'User', name }],
    } as KubernetesObject,
  ];
}

function binding(name: string, role: string, user: string): KubernetesObject {
  return {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: API, kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: API, kind: 'User', name: user }],
  } as KubernetesObject;
}
