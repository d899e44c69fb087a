import type { Step } from '../../../cluster/plan/step.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { Display } from './display.ts';
import { liveDisplay } from './live.ts';
import { ndjsonDisplay } from './ndjson.ts';
import { plainDisplay } from './plain.ts';
import { advance, noProgress, type Remaining, workLeft } from './progress.ts';

export interface WatchedDisplay extends Display {
  /** Steps that have run to their end, in order. */
  finished(): Step[];
  /** What has not been finished. */
  left(): Remaining;
}

/** A live tree on a terminal, plain lines otherwise, one event a line for machines. */
export function openDisplay(
  format: 'text' | 'plain' | 'json',
  title: string,
  world: Surroundings,
): WatchedDisplay {
  const display =
    format === 'json'
      ? ndjsonDisplay(world)
      : format === 'text' && world.err.isTTY
        ? liveDisplay(title, world)
        : plainDisplay(world);
  let progress = noProgress;
  return {
    emit(event) {
      progress = advance(progress, event, world.now());
      display.emit(event);
    },
    settle: () => display.settle(),
    finished: () => progress.entries.filter((e) => e.state === 'done').map((e) => e.step),
    left: () => workLeft(progress),
  };
}
