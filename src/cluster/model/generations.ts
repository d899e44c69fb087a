import { z } from 'zod';
import { ROTATED, type Rotated } from './rotated.ts';

const generation = z.number().int().min(1).max(9999);
/** Different ones. The first signs (encrypts, logs in); all are believed (decrypt, are let in). */
const orderOfUpTo = (most: number) =>
  z
    .array(generation)
    .min(1)
    .max(most)
    .refine((list) => new Set(list).size === list.length);
const order = orderOfUpTo(2);

/** More than these decrypt nothing: each key makes what an API server does to read a Secret longer. */
export const MOST_ENCRYPTION_KEYS = 100;

/**
 * Of each authority or key which are at work: [1] → [1, 2] → [2, 1] → [2], each one change of what is on the machines, so that
 * whatever is shown to somebody is believed by him. Absent: [1], which the cluster was made with. Of `encryption` older ones follow
 * where a backup has been restored that may need them: [3, 2, 1].
 */
export const generationsSchema = z.strictObject({
  ...(Object.fromEntries(ROTATED.map((what) => [what, order.optional()])) as Record<
    Rotated,
    z.ZodOptional<typeof order>
  >),
  encryption: orderOfUpTo(MOST_ENCRYPTION_KEYS).optional(),
  /** Of `ca`: signs what masters show to clients, while these may believe it alone. Absent: the first of `ca`. */
  serving: generation.optional(),
});

export type Generations = Readonly<z.infer<typeof generationsSchema>>;

/** Since when all machines sign (encrypt, log in) by the second of what is under way. RFC 3339. */
export const rotatingSchema = z.strictObject(
  Object.fromEntries(ROTATED.map((what) => [what, z.string().optional()])) as Record<
    Rotated,
    z.ZodOptional<z.ZodString>
  >,
);

/** Which are at work, the one that signs first. */
export function orderOf(
  { generations }: { readonly generations?: Generations | undefined },
  what: Rotated,
): readonly number[] {
  return generations?.[what] ?? [1];
}

/** Signs what masters show to clients. */
export function servingOf(spec: { readonly generations?: Generations | undefined }): number {
  return spec.generations?.serving ?? orderOf(spec, 'ca')[0]!;
}
