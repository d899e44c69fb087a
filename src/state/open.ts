import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { readAddress } from './bucket/address.ts';
import { lazyObjects } from './bucket/lazy.ts';
import { sealOf } from './bucket/seal.ts';
import { bucketStore } from './bucket/store.ts';
import { StoreError } from './errors.ts';
import { fileStore } from './file-store.ts';
import type { Store } from './store.ts';

export interface StoreOptions {
  /** The file of the key that secrets in a bucket are sealed for; null: they are stored as they are. */
  readonly identity?: string | null;
}

/**
 * The store at `url`: `file:///folder`, `s3://bucket/prefix`, `gs://bucket/prefix`. Touches nothing yet. `schema` is what a
 * cluster's value must be, both ways. All methods throw {@link StoreError}.
 */
export function openStore<T>(url: string, schema: z.ZodType<T>, options: StoreOptions = {}): Store<T> {
  if (isBucket(url)) {
    const address = readAddress(url);
    const where = `${address.kind}://${address.bucket}${address.prefix && `/${address.prefix.slice(0, -1)}`}`;
    const seal = options.identity ? sealOf(options.identity) : null;
    return bucketStore(where, lazyObjects(address), schema, seal);
  }
  const advice =
    'give a folder as file:///absolute/path, or a bucket as s3://bucket/prefix or gs://bucket/prefix';
  let folder: string;
  try {
    if (!url.startsWith('file:///')) throw new Error('it is neither a folder’s nor a bucket’s');
    folder = fileURLToPath(url);
  } catch (cause) {
    throw new StoreError('invalid', `${url} is not a store's address: ${(cause as Error).message}`, advice, {
      cause,
    });
  }
  return fileStore(folder, schema);
}

/** Others reach it too, and whoever keeps it can read what is not sealed. */
export function isBucket(url: string): boolean {
  return /^(s3|gs):\/\//.test(url);
}
