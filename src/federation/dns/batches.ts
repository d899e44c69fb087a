import { differenceOf, type NameChange } from './records.ts';

/** What a service counts against its limits. */
export type Sizes = Readonly<Record<string, number>>;

/** Changes in their order, as many together as fit all limits; one that is too large by itself is alone. */
export function* batches(
  changes: readonly NameChange[],
  size: (change: NameChange) => Sizes,
  limits: Sizes,
): Generator<readonly NameChange[]> {
  let batch: NameChange[] = [];
  let total: Record<string, number> = {};
  for (const change of changes) {
    const own = size(change);
    const next = Object.fromEntries(
      Object.keys(limits).map((key) => [key, (total[key] ?? 0) + (own[key] ?? 0)]),
    );
    const fits = Object.entries(limits).every(([key, limit]) => next[key]! <= limit);
    if (batch.length > 0 && !fits) {
      yield batch;
      batch = [];
      total = { ...own };
    } else {
      total = next;
    }
    batch.push(change);
  }
  if (batch.length > 0) yield batch;
}

/** Of a change: the sets that go and come, their values, and the characters of those. */
export function countOf(change: NameChange): { sets: number; values: number; characters: number } {
  const { removed, added } = differenceOf(change);
  const values = [...removed, ...added].flatMap((set) => set.values);
  return {
    sets: removed.length + added.length,
    values: values.length,
    // A TXT's text is sent in quotes.
    characters: values.reduce((sum, value) => sum + value.length + 2, 0),
  };
}
