import type { ChangeReport } from './document.ts';

/** The longest time from one success to the next, or from the last one to the last read; milliseconds. Pure. */
export function longestGap(reads: ChangeReport['reads'], ms: number): number {
  const first = reads[0];
  if (!first) return 0;
  const ends = reads
    .filter(([, , failed]) => failed === 0)
    .map(([at, took]) => at + took)
    .toSorted((a, b) => a - b);
  const moments = [first[0], ...ends, Math.min(ms, Math.max(...reads.map(([at]) => at)))];
  return Math.max(0, ...moments.slice(1).map((end, index) => end - moments[index]!));
}
