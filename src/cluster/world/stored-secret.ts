import type { z } from 'zod';
import { StoreError } from '../../state/errors.ts';
import { parseJson } from '../../util/text/json.ts';

/**
 * A secret as haup keeps it, in JSON. What is damaged (a disk was full, a power failure, an editor) is told without a word of it.
 * @throws StoreError `corrupt`
 */
export function readStoredSecret<T>(name: string, text: string, schema: z.ZodType<T>): T {
  const read = schema.safeParse(parseJson(text));
  if (read.success) return read.data;
  throw damagedSecret(name);
}

export function damagedSecret(name: string): StoreError {
  return new StoreError(
    'corrupt',
    `the secret ${name} in the store is not what haup writes`,
    "restore the store's secrets from a backup",
  );
}
