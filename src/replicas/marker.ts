import { z } from 'zod';

const markerSchema = z.object({
  uid: z.string(),
  name: z.string(),
  /** Of the release; see files.ts. */
  digest: z.string(),
  apiAddress: z.string(),
  kubernetesVersion: z.string(),
  etcdVersion: z.string(),
});

/** What a machine remembers of its provisioning, written when everything else was on its disk. */
export type Marker = z.infer<typeof markerSchema>;

/** Null for anything that is not a marker: then the machine is not provisioned. */
export function parseMarker(text: string): Marker | null {
  try {
    return markerSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
