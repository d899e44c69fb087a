import type { Surroundings } from '../../surroundings.ts';
import { describeAvailability } from '../availability.ts';
import { style } from '../style.ts';
import type { Display } from './display.ts';
import { painter } from './painter.ts';
import { advance, ended, noProgress } from './progress.ts';
import { renderTree } from './tree.ts';

const FRAME_MS = 100;

/** The tree of the steps, drawn again ten times a second while something runs. */
export function liveDisplay(title: string, world: Surroundings): Display {
  const screen = world.err;
  const painted = painter(screen);
  let progress = noProgress;
  let startedAt = 0;
  let stop: (() => void) | null = null;

  const lines = (rows: number) =>
    renderTree(progress, {
      title,
      now: world.now(),
      startedAt,
      columns: screen.columns - 1,
      rows,
      style: style(screen),
    });
  const frame = () => painted.paint(lines(screen.rows - 1));

  function start(): () => void {
    startedAt = world.now();
    const ticks = world.every(FRAME_MS, frame);
    const resizes = screen.onResize(frame);
    return () => {
      ticks();
      resizes();
    };
  }

  return {
    emit(event) {
      stop ??= start();
      progress = advance(progress, event, world.now());
      if (event.type === 'availability') {
        painted.leave([style(screen).dim(describeAvailability(event.report))]);
        frame();
      }
    },
    settle() {
      stop?.();
      stop = null;
      progress = ended(progress);
      painted.leave(lines(Number.POSITIVE_INFINITY));
      progress = noProgress;
    },
  };
}
