import type { HaupEvent } from '../../../cluster/loop/events.ts';
import { describe } from '../../../cluster/plan/step.ts';
import type { Surroundings } from '../../surroundings.ts';
import { planDocument } from '../plan.ts';
import { printableJson } from '../safe.ts';
import type { Display } from './display.ts';

/** One event a line, for programs: the time, the event, and for steps the sentence that people see. */
export function ndjsonDisplay(world: Surroundings): Display {
  return {
    emit(event) {
      const time = new Date(world.now()).toISOString();
      world.err.write(`${printableJson({ time, ...documentOf(event) })}\n`);
    },
    settle: () => {},
  };
}

function documentOf(event: HaupEvent): object {
  if (event.type === 'plan') return { type: 'plan', ...planDocument(event.plan) };
  return 'step' in event ? { ...event, description: describe(event.step) } : event;
}
