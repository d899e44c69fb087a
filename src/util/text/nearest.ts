/** The candidates that look most like `name`, best first; all of them, however far. */
export function byNearness(name: string, candidates: readonly string[]): string[] {
  return [...candidates].sort((a, b) => distance(a, name) - distance(b, name));
}

/** The candidate that `name` was probably meant to be; null when nothing is near. */
export function nearest(name: string, candidates: readonly string[]): string | null {
  const best = byNearness(name, candidates)[0];
  return best !== undefined && distance(best, name) <= Math.max(2, name.length / 3) ? best : null;
}

/** Edits that turn one string into the other (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, ca] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, cb] of [...b].entries()) {
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (ca === cb ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
