import { groupOf, type KubernetesObject, resourceOf } from './object.ts';

/** A rule of a ClusterRole. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly verbs: readonly string[];
}

/** A server-side apply is a patch, and a creation where there is nothing yet. */
const APPLY = ['get', 'patch', 'create'];
const RBAC = 'rbac.authorization.k8s.io';

/**
 * What it takes to keep these objects, by name, and nothing more: for roles also to give what one has not got (`escalate`), for
 * bindings to bind the roles that they name.
 */
export function rightsToKeep(objects: readonly KubernetesObject[]): Rule[] {
  const names = new Map<string, Set<string>>();
  const bound = new Map<string, Set<string>>();
  const add = (map: Map<string, Set<string>>, key: string, name: string): void => {
    map.set(key, (map.get(key) ?? new Set()).add(name));
  };
  for (const object of objects) {
    add(names, `${groupOf(object)}/${resourceOf(object)}`, object.metadata.name);
    const role = object.roleRef as { kind: string; name: string } | undefined;
    if (groupOf(object) === RBAC && role) add(bound, `${RBAC}/${resourceOf(role)}`, role.name);
  }
  const rule = (key: string, of: ReadonlySet<string>, verbs: readonly string[]): Rule => {
    const [group = '', resource = ''] = key.split('/');
    return { apiGroups: [group], resources: [resource], resourceNames: [...of].sort(), verbs };
  };
  return [
    ...[...names].map(([key, of]) =>
      rule(key, of, /\/(cluster)?roles$/.test(key) ? [...APPLY, 'escalate'] : APPLY),
    ),
    ...[...bound].map(([key, of]) => rule(key, of, ['bind'])),
  ];
}
