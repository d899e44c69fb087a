import { once } from './once.ts';

/** As {@link once}, for each key that the call has: what is made once for it is kept. */
export function perKey<A extends unknown[], T>(
  keyOf: (...of: A) => string,
  make: (...of: A) => Promise<T>,
): (...of: A) => Promise<T> {
  const made = new Map<string, () => Promise<T>>();
  return (...of) => {
    const key = keyOf(...of);
    const known = made.get(key) ?? once(() => make(...of));
    made.set(key, known);
    return known();
  };
}
