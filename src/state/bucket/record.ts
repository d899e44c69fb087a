import { z } from 'zod';
import { StoreError } from '../errors.ts';

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

export function writeRecord(record: Omit<ClusterRecord, 'format' | 'schemaVersion'>): string {
  return `${JSON.stringify({ format: 'haup-cluster-object', schemaVersion: 1, ...record }, null, 2)}\n`;
}

/** @throws StoreError `foreign` `newer` `corrupt` */
export function readRecord(where: string, text: string): ClusterRecord {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new StoreError(
      'corrupt',
      `${where} is not JSON`,
      'bring its last good version back from the bucket',
    );
  }
  const mark = z
    .object({ format: z.literal('haup-cluster-object'), schemaVersion: z.number() })
    .safeParse(json);
  if (!mark.success)
    throw new StoreError('foreign', `${where} was not written by haup`, [
      'move it away',
      { to: 'or name another prefix', setting: 'store' },
    ]);
  if (mark.data.schemaVersion > 1)
    throw new StoreError('newer', `${where} was written by a newer haup`, 'use that haup, or a newer one');
  const record = recordSchema.safeParse(json);
  if (record.success) return record.data;
  const issue = record.error.issues[0];
  throw new StoreError(
    'corrupt',
    `${where} is not what haup writes: ${issue?.path.join('.')}: ${issue?.message}`,
    'bring its last good version back from the bucket',
  );
}
