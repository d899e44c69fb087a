import { z } from 'zod';
import { commonMarker, readMarker } from '../replicas/revision/marker.ts';

const markerSchema = commonMarker.extend({ role: z.literal('node') });

export type NodeMarker = z.infer<typeof markerSchema>;

/** Null for anything that is not a node's marker: then the machine is no provisioned node. */
export function parseNodeMarker(text: string): NodeMarker | null {
  return readMarker(markerSchema, text);
}
