import { longestGap as longestGapWithin } from '../../drill/figures.ts';
import type { ChangeReport } from './document.ts';

/** The longest time from one success to the next, or from the last one to the last read; milliseconds. Pure. */
export function longestGap(reads: ChangeReport['reads'], ms: number): number {
  const [first] = reads;
  if (!first) return 0;
  const ends = reads.flatMap(([at, took, failed]) => (failed === 0 ? [at + took] : []));
  const lastRead = Math.min(ms, Math.max(...reads.map(([at]) => at)));
  return longestGapWithin(reads, first[0], Math.max(lastRead, ...ends));
}
