import { z } from 'zod';
import { ADDON_LABEL, type Addon } from '../../addons/addons.ts';
import { type KubernetesObject, objectSchema, resourceOf } from '../../addons/object.ts';
import { parseJson } from '../../util/text/json.ts';

/** One request to the API server as an administrator, which succeeds or throws; null: there is no such thing. */
export type Ask = (
  method: 'GET' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
) => Promise<KubernetesObject | null>;

/** No name in the API is a path, or more than one part of it (apimachinery: path.IsValidPathSegmentName). */
const segment = z
  .string()
  .min(1)
  .refine((name) => name !== '.' && name !== '..' && !/[/%]/.test(name));

/** Where an object of an add-on is; its namespace is null where it has none, or the manifest does not say it. */
const referenceSchema = z.object({
  addon: z.string(),
  apiVersion: objectSchema.shape.apiVersion,
  kind: objectSchema.shape.kind,
  namespace: segment.nullable(),
  name: segment,
});
type Reference = z.infer<typeof referenceSchema>;

const RECORD = '/api/v1/namespaces/kube-system/configmaps/haup-addons';

/**
 * Deletes what an earlier set of add-ons had and this one has not, from the list that is kept in the cluster (kube-system/haup-addons), and
 * writes the new list. Only what still says that it belongs to that add-on: somebody who has taken an object over has changed its label.
 * The list is in the cluster, where others may write it, and this is done as an administrator: one in another form says nothing, and nothing
 * is deleted by it. After the add-on units have lost their right to it, so that no master of before makes it again.
 */
export async function prune(ask: Ask, addons: readonly Addon[]): Promise<void> {
  const wanted = addons.flatMap(({ name, objects }) => objects.map((object) => referenceTo(name, object)));
  const known = new Set(wanted.map(keyOf));
  const text = (await ask('GET', RECORD))?.data as { objects?: string } | undefined;
  const before = z.array(referenceSchema).safeParse(parseJson(text?.objects ?? '[]')).data ?? [];
  for (const reference of before.filter((each) => !known.has(keyOf(each)))) await remove(ask, reference);
  const objects = JSON.stringify(wanted);
  if (text?.objects === objects) return;
  await ask('PATCH', `${RECORD}?fieldManager=haup&force=true`, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'haup-addons', namespace: 'kube-system' },
    data: { objects },
  });
}

async function remove(ask: Ask, reference: Reference): Promise<void> {
  for (const path of pathsOf(reference)) {
    const object = await ask('GET', path);
    if (object?.metadata.labels?.[ADDON_LABEL] !== reference.addon) continue;
    await ask('DELETE', `${path}?propagationPolicy=Background`);
  }
}

function referenceTo(addon: string, { apiVersion, kind, metadata }: KubernetesObject): Reference {
  return { addon, apiVersion, kind, namespace: metadata.namespace ?? null, name: metadata.name };
}

/** The version is not part of what an object is. */
function keyOf({ apiVersion, kind, namespace, name }: Reference): string {
  return [apiVersion.replace(/\/?[^/]*$/, ''), kind, namespace, name].join(' ');
}

/** Without a namespace it is one of the whole cluster, or in the namespace that kubectl takes then. */
function pathsOf({ apiVersion, kind, namespace, name }: Reference): string[] {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const path = `${resourceOf({ kind })}/${encodeURIComponent(name)}`;
  const within = (where: string) => `${root}/namespaces/${encodeURIComponent(where)}/${path}`;
  return namespace === null ? [`${root}/${path}`, within('default')] : [within(namespace)];
}
