import { z } from 'zod';
import { StoreError } from './errors.ts';
import { readMarked, valid } from './marked.ts';
import type { Stored } from './store.ts';

const lastGood =
  'restore it from a backup; without one, the machines are still labelled with the cluster’s name in the cloud';

const kind = {
  format: 'haup-cluster',
  schemaVersion: 1,
  schema: z.strictObject({
    format: z.literal('haup-cluster'),
    schemaVersion: z.literal(1),
    /** The folder's name: a copied folder would be a second owner of the same machines. */
    cluster: z.string(),
    revision: z.number().int().positive(),
    value: z.unknown(),
  }),
  elsewhere: ['move it away', { to: 'or name another folder', setting: 'store' }],
  lastGood,
} as const;

export function writeDocument<T>(cluster: string, stored: Stored<T>, schema: z.ZodType<T>): string {
  const value = schema.parse(stored.value); // ours to get right: a defect if it throws
  const { format, schemaVersion } = kind;
  const envelope: z.infer<typeof kind.schema> = {
    format,
    schemaVersion,
    cluster,
    revision: stored.revision,
    value,
  };
  return `${JSON.stringify(envelope, null, 2)}\n`;
}

/** @throws StoreError `corrupt`, `foreign` or `newer`; `path` is for its message. */
export function readDocument<T>(
  cluster: string,
  path: string,
  text: string,
  schema: z.ZodType<T>,
): Stored<T> {
  const envelope = readMarked(path, text, kind);
  if (envelope.cluster !== cluster)
    throw new StoreError(
      'foreign',
      `${path} belongs to cluster ${JSON.stringify(envelope.cluster)}, not to ${cluster}`,
      'a copied folder is not a second cluster: move the copy away',
    );
  return { value: valid(path, envelope.value, schema, lastGood), revision: envelope.revision };
}
