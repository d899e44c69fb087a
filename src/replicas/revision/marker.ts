import { z } from 'zod';

/** What a machine of any role remembers of its provisioning, written when everything else was on its disk. */
export const commonMarker = z.object({
  uid: z.string(),
  name: z.string(),
  /** Of the release; see release.ts. */
  digest: z.string(),
  apiAddress: z.string(),
  kubernetesVersion: z.string(),
});

const markerSchema = commonMarker.extend({
  etcdVersion: z.string(),
  /** The change of the spec that the release was made for. */
  change: z.string().optional(),
});

export type Marker = z.infer<typeof markerSchema>;

/** Null for anything that is not a master's marker: then the machine is not provisioned. */
export function parseMarker(text: string): Marker | null {
  return readMarker(markerSchema, text);
}

/** Null for what is no marker of this kind. */
export function readMarker<M>(schema: z.ZodType<M>, text: string): M | null {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
