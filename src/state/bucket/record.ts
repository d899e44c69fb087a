import { z } from 'zod';
import { readMarked } from '../marked.ts';

/**
 * A cluster in a bucket is one object, so that it appears, changes and goes as a whole, and each version that the bucket
 * keeps is a whole one: its document (what `cluster.json` is in a folder), and its secrets.
 */
const recordSchema = z.strictObject({
  format: z.literal('haup-cluster-object'),
  schemaVersion: z.literal(1),
  /** Of the last holder of the lock; whoever has a smaller one has lost it. */
  fence: z.number().int().nonnegative(),
  /** Names this very write, so that a writer whose reply was lost knows its own. */
  write: z.string(),
  document: z.string(),
  /** An armoured age file of a JSON object, or that object itself where no key was given. */
  secrets: z.union([z.string(), z.record(z.string(), z.string())]),
});

export type ClusterRecord = z.infer<typeof recordSchema>;

const kind = {
  format: 'haup-cluster-object',
  schemaVersion: 1,
  schema: recordSchema,
  elsewhere: ['move it away', { to: 'or name another prefix', setting: 'store' }],
  lastGood: 'bring its last good version back from the bucket',
} as const;

export function writeRecord(record: Omit<ClusterRecord, 'format' | 'schemaVersion'>): string {
  const { format, schemaVersion } = kind;
  return `${JSON.stringify({ format, schemaVersion, ...record }, null, 2)}\n`;
}

/** @throws StoreError `foreign` `newer` `corrupt` */
export function readRecord(where: string, text: string): ClusterRecord {
  return readMarked(where, text, kind);
}
