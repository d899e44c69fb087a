import { once } from '../../util/once.ts';
import type { BucketAddress } from './address.ts';
import type { Objects } from './objects.ts';

/** The bucket's objects; its cloud's client is loaded when the first of them is needed. */
export function lazyObjects(address: BucketAddress): Objects {
  const load = once(async (): Promise<Objects> => {
    if (address.kind === 's3') return (await import('./s3.ts')).s3Objects(address);
    return (await import('./gcs.ts')).gcsObjects(address);
  });
  return {
    get: async (key) => (await load()).get(key),
    put: async (key, text, over) => (await load()).put(key, text, over),
    remove: async (key) => (await load()).remove(key),
    list: async (prefix) => (await load()).list(prefix),
  };
}
