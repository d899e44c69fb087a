import type { LoggedSample } from '../log.ts';

/** Milliseconds since the drill began. */
export interface Outage {
  readonly from: number;
  readonly until: number;
}

/** Clients are ten times a second at work: for so long nobody who is served is silent. */
const NOTICED_MS = 1000;

/** Where, from one success to the next, more than a second went by. The last one may still be open at the end. Pure. */
export function outages(samples: readonly LoggedSample[], ms: number): readonly Outage[] {
  const ends = samples
    .filter(([, , failed]) => failed === 0)
    .map(([began, took]) => began + took)
    .sort((a, b) => a - b);
  const first = samples[0];
  if (!first) return [];
  const last = Math.max(...samples.map(([began]) => began));
  const moments = [Math.min(first[0], ends[0] ?? first[0]), ...ends, Math.min(last, ms)];
  return moments.slice(1).flatMap((until, index) => {
    const from = moments[index]!;
    return until - from > NOTICED_MS ? [{ from, until }] : [];
  });
}
