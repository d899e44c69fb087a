import type { LoggedSample } from '../log.ts';
import { type Axis, round } from './axis.ts';
import { text } from './html.ts';
import { type Outage, outages } from './outages.ts';

export interface Panel {
  readonly title: string;
  /** What the client does, in a few words. */
  readonly about: string;
  readonly samples: readonly LoggedSample[];
}

export const PANEL_HEIGHT = 96;
const SHORTEST_MS = 1;
const LONGEST_MS = 10_000;
const GRID_MS = [10, 100, 1000, 10_000];
/** What the length of an outage takes in words. */
const WORDS = 34;
/** One column of a picture. */
const COLUMN = 2;

/** One client: what its requests took, on a logarithmic scale, what failed, and where nothing succeeded. */
export function panel(axis: Axis, top: number, { title, about, samples }: Panel): string {
  const bottom = top + PANEL_HEIGHT;
  const grid = GRID_MS.map((ms) => {
    const y = height(ms, top);
    return `<line class="grid" x1="${axis.left}" x2="${axis.right}" y1="${y}" y2="${y}"/><text class="tick" x="${axis.left - 6}" y="${y + 3}" text-anchor="end">${ms < 1000 ? `${ms} ms` : `${ms / 1000} s`}</text>`;
  });
  return [
    ...grid,
    `<text class="label" x="0" y="${top + 14}">${text(title)}</text>`,
    `<text class="note" x="0" y="${top + 30}">${text(about)}</text>`,
    gaps(axis, top, outages(samples, axis.ms)),
    columns(axis, top, samples),
    `<line class="base" x1="${axis.left}" x2="${axis.right}" y1="${bottom}" y2="${bottom}"/>`,
  ].join('');
}

/** Where nothing succeeded: as wide as it was long, with its length in words where there is room for them. */
function gaps(axis: Axis, top: number, found: readonly Outage[]): string {
  let free = axis.left;
  return found
    .map(({ from, until }) => {
      const [left, right] = [axis.x(from), axis.x(until)];
      const words = `${((until - from) / 1000).toFixed(1)} s`;
      const middle = round((left + right) / 2);
      const hasRoom = middle - WORDS / 2 >= free;
      if (hasRoom) free = middle + WORDS / 2;
      const caption = hasRoom
        ? `<text x="${middle}" y="${top + 11}" text-anchor="middle">${words}</text>`
        : '';
      return `<g class="outage"><title>no success for ${words}</title><rect x="${left}" y="${top}" width="${round(Math.max(1, right - left))}" height="${PANEL_HEIGHT}"/>${caption}</g>`;
    })
    .join('');
}

/** The slowest answer of each column of the picture, and a mark below for each column with a failure. */
function columns(axis: Axis, top: number, samples: readonly LoggedSample[]): string {
  const slowest = new Map<number, number>();
  const failed = new Map<number, number>();
  for (const [at, took, isFailed] of samples) {
    const column = Math.floor(axis.x(at) / COLUMN) * COLUMN;
    if (isFailed) failed.set(column, (failed.get(column) ?? 0) + 1);
    else slowest.set(column, Math.max(slowest.get(column) ?? 0, took));
  }
  const bottom = top + PANEL_HEIGHT;
  const bars = [...slowest].map(([column, took]) => `M${column} ${bottom}V${height(took, top)}`);
  const marks = [...failed].map(
    ([column, count]) =>
      `<rect class="failed" x="${column}" y="${bottom - 9}" width="${COLUMN}" height="9"><title>${count} failed</title></rect>`,
  );
  return `<path class="took" d="${bars.join('')}"/>${marks.join('')}`;
}

function height(ms: number, top: number): number {
  const [low, high] = [Math.log10(SHORTEST_MS), Math.log10(LONGEST_MS)];
  const part = (Math.log10(Math.min(LONGEST_MS, Math.max(SHORTEST_MS, ms))) - low) / (high - low);
  return round(top + PANEL_HEIGHT - part * (PANEL_HEIGHT - 14));
}
