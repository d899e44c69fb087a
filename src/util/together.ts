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

/**
 * The same for each of many things, in their order, `many` of them at a time. When one fails no other is begun, and those that are
 * under way are told to stop, and waited for.
 * @throws the first one's error; the signal's reason when aborted.
 */
export async function eachAtOnce<T>(
  signal: AbortSignal | undefined,
  items: readonly T[],
  many: number,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const worker = async (both: AbortSignal): Promise<void> => {
    for (const item of left) {
      both.throwIfAborted();
      await work(item, both);
    }
  };
  await together(signal, Array<typeof worker>(many).fill(worker));
}
