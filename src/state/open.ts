import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { StoreError } from './errors.ts';
import { fileStore } from './file-store.ts';
import type { Store } from './store.ts';

/**
 * The store at `url`: `file:///folder`. Touches nothing yet. `schema` is what a cluster's value must be, both ways.
 * All methods throw {@link StoreError}.
 */
export function openStore<T>(url: string, schema: z.ZodType<T>): Store<T> {
  const advice = 'give a folder as file:///absolute/path';
  let folder: string;
  try {
    if (!url.startsWith('file:///')) throw new Error('only file:/// is supported');
    folder = fileURLToPath(url);
  } catch (cause) {
    throw new StoreError('invalid', `${url} is not a store's address: ${(cause as Error).message}`, advice, {
      cause,
    });
  }
  return fileStore(folder, schema);
}
