import { z } from 'zod';

/** As much of an object as haup needs to know. The rest is kept as it is. */
export const objectSchema = z.looseObject({
  apiVersion: z.string().regex(/^([a-z0-9.-]+\/)?v\d+(?:(?:alpha|beta)\d+)?$/),
  kind: z.string().regex(/^[A-Z][A-Za-z0-9]*$/),
  metadata: z.looseObject({
    name: z.string().min(1),
    namespace: z.string().min(1).optional(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
});

/** An object of the Kubernetes API. */
export type KubernetesObject = z.infer<typeof objectSchema>;

/** "apps" for "apps/v1"; the core group is "". */
export function groupOf({ apiVersion }: Pick<KubernetesObject, 'apiVersion'>): string {
  return apiVersion.includes('/') ? apiVersion.split('/')[0]! : '';
}

/**
 * A kind's name in paths and rights. English alone decides, as Kubernetes' own guess does (apimachinery: UnsafeGuessKindToResource);
 * only discovery would know for certain.
 */
export function resourceOf({ kind }: Pick<KubernetesObject, 'kind'>): string {
  const name = kind.toLowerCase();
  if (name === 'endpoints') return name;
  if (/(s|x|ch|sh)$/.test(name)) return `${name}es`;
  if (/[^aeiou]y$/.test(name)) return `${name.slice(0, -1)}ies`;
  return `${name}s`;
}
