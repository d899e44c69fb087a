import { z } from 'zod';
import { parseJson } from '../util/text/json.ts';
import { BackupError } from './errors.ts';
import { unseal } from './key.ts';

const bundleSchema = z.object({
  format: z.literal(1),
  revision: z.int(),
  state: z.unknown(),
  secrets: z.record(z.string(), z.string()),
});

/** What the store has of a cluster: with a snapshot of etcd, all that it takes to have the cluster again. */
export interface Bundle {
  /** Of the store. */
  readonly revision: number;
  readonly state: unknown;
  readonly secrets: Readonly<Record<string, string>>;
}

export function writeBundle(bundle: Bundle): string {
  return JSON.stringify({ format: 1, ...bundle });
}

/** @param identity the file of the key that it was sealed for. @throws BackupError */
export async function openBundle(sealed: string, identity: string | null): Promise<Bundle> {
  const read = bundleSchema.safeParse(parseJson(await unseal(sealed, identity)));
  if (read.success) return read.data;
  throw new BackupError('refused', 'the keys in this backup were put there by a newer haup', 'use that haup');
}
