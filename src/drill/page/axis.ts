/** The one axis of time that all pictures of a page share. */
export interface Axis {
  /** Left edge of the pictures: labels are before it. */
  readonly left: number;
  readonly right: number;
  readonly ms: number;
  /** Where a moment stands. */
  readonly x: (ms: number) => number;
}

const LEFT = 128;
const RIGHT = 1180;
/** From a tick to the next, seconds: the first that leaves room for the labels. */
const STEPS = [5, 10, 15, 30, 60, 120, 300, 600, 1800];
const MOST_TICKS = 14;

export function axisOf(ms: number): Axis {
  const whole = Math.max(1, ms);
  const x = (at: number): number => round(LEFT + (Math.min(at, whole) / whole) * (RIGHT - LEFT));
  return { left: LEFT, right: RIGHT, ms: whole, x };
}

/** Lines for round moments, over the whole height, with their labels below. */
export function ticks({ ms, x }: Axis, top: number, bottom: number): string {
  const seconds = ms / 1000;
  const step = STEPS.find((one) => seconds / one <= MOST_TICKS) ?? STEPS.at(-1)!;
  const marks: string[] = [];
  for (let at = 0; at <= seconds; at += step) {
    const place = x(at * 1000);
    marks.push(
      `<line class="grid" x1="${place}" x2="${place}" y1="${top}" y2="${bottom}"/>`,
      `<text class="tick" x="${place}" y="${bottom + 16}" text-anchor="middle">${clock(at)}</text>`,
    );
  }
  return marks.join('');
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
