import { z } from 'zod';

const markerSchema = z.object({
  role: z.literal('node'),
  uid: z.string(),
  name: z.string(),
  /** Of the release; see replicas/release.ts. */
  digest: z.string(),
  apiAddress: z.string(),
  kubernetesVersion: z.string(),
});

/** What a node remembers of its provisioning, written when everything else was on its disk. */
export type NodeMarker = z.infer<typeof markerSchema>;

/** Null for anything that is not a node's marker: then the machine is no provisioned node. */
export function parseNodeMarker(text: string): NodeMarker | null {
  try {
    return markerSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
