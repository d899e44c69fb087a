import { z } from 'zod';
import { StoreError } from './errors.ts';
import type { Stored } from './store.ts';

/** Rises when an older haup could no longer read what a newer one writes. */
const schemaVersion = 1;

const markSchema = z.object({ format: z.literal('haup-cluster'), schemaVersion: z.number().int() });
const envelopeSchema = z.strictObject({
  format: z.literal('haup-cluster'),
  schemaVersion: z.literal(schemaVersion),
  /** The folder's name: a copied folder would be a second owner of the same machines. */
  cluster: z.string(),
  revision: z.number().int().positive(),
  value: z.unknown(),
});

export function writeDocument<T>(cluster: string, stored: Stored<T>, schema: z.ZodType<T>): string {
  const value = schema.parse(stored.value); // ours to get right: a defect if it throws
  const envelope: z.infer<typeof envelopeSchema> = {
    format: 'haup-cluster',
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
  const json = parse(path, text);
  const mark = markSchema.safeParse(json);
  if (!mark.success)
    throw new StoreError('foreign', `${path} was not written by haup`, [
      'move it away',
      { to: 'or name another folder', setting: 'store' },
    ]);
  if (mark.data.schemaVersion > schemaVersion)
    throw new StoreError(
      'newer',
      `${path} was written by a newer haup (format ${mark.data.schemaVersion}, this one knows ${schemaVersion})`,
      'use that haup, or a newer one',
    );
  const envelope = envelopeSchema.safeParse(json);
  if (!envelope.success) throw corrupt(path, envelope.error);
  if (envelope.data.cluster !== cluster)
    throw new StoreError(
      'foreign',
      `${path} belongs to cluster ${JSON.stringify(envelope.data.cluster)}, not to ${cluster}`,
      'a copied folder is not a second cluster: move the copy away',
    );
  const value = schema.safeParse(envelope.data.value);
  if (!value.success) throw corrupt(path, value.error);
  return { value: value.data, revision: envelope.data.revision };
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new StoreError(
      'corrupt',
      `${path} is ${text === '' ? 'empty' : 'cut short or not JSON'}`,
      fromBackup,
    );
  }
}

function corrupt(path: string, error: z.ZodError): StoreError {
  const issue = error.issues[0];
  const where = issue?.path.join('.') || 'the document';
  return new StoreError(
    'corrupt',
    `${path} is not what haup writes: ${where}: ${issue?.message}`,
    fromBackup,
  );
}

const fromBackup =
  'restore it from a backup; without one, the machines are still labelled with the cluster’s name in the cloud';
