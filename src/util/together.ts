/**
 * Does several things at once, all or none: when one fails the others are told to stop by their signal, and waited for.
 * @throws the first one's error; the signal's reason when aborted.
 */
export async function together<const W extends readonly ((signal: AbortSignal) => Promise<unknown>)[]>(
  signal: AbortSignal | undefined,
  works: W,
): Promise<{ -readonly [I in keyof W]: Awaited<ReturnType<W[I]>> }> {
  const stop = new AbortController();
  const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const done = await Promise.allSettled(
    works.map(async (work) => {
      try {
        return await work(both);
      } catch (error) {
        // Only the first one counts.
        stop.abort(error);
        throw error;
      }
    }),
  );
  signal?.throwIfAborted();
  stop.signal.throwIfAborted();
  return done.map((each) => (each as PromiseFulfilledResult<unknown>).value) as never;
}

/** The same for each of many things, `many` of them at a time, in their order. @throws what the first that fails has thrown */
export async function eachAtOnce<T>(
  items: readonly T[],
  many: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: many }, worker));
}
