import type { HaupEvent } from '../../../cluster/loop/events.ts';
import { describe, stepKey } from '../../../cluster/plan/step.ts';
import type { Surroundings } from '../../surroundings.ts';
import { describeAvailability } from '../availability.ts';
import { safe } from '../safe.ts';
import { clockTime, elapsed } from '../time.ts';
import { counted } from '../words.ts';
import type { Display } from './display.ts';

/** What is being waited for is said when it has been for this long; a topic's next word likewise. */
const PATIENCE_MS = 5_000;

/** One line for what begins, one for what ends; short waits are left out. For logs. */
export function plainDisplay(world: Surroundings): Display {
  /** When something was last said of a step or a topic. */
  const said = new Map<string, { at: number; message: string }>();

  function say(word: string, text: string): void {
    world.err.write(`${clockTime(world.now())} ${word.padEnd(8)} ${safe(text)}\n`);
  }

  function sayOnce(key: string, message: string, word: string, text: string): void {
    const last = said.get(key);
    if (last?.message === message || (last && world.now() - last.at < PATIENCE_MS)) return;
    said.set(key, { at: world.now(), message });
    say(word, text);
  }

  function emit(event: HaupEvent): void {
    switch (event.type) {
      case 'plan':
        if (event.plan.steps.length > 0) say('plan', counted(event.plan.steps.length, 'step'));
        for (const warning of event.plan.warnings) sayOnce(warning, warning, 'warning', warning);
        break;
      case 'step-started':
        said.set(stepKey(event.step), { at: world.now(), message: '' });
        say('start', describe(event.step));
        break;
      case 'step-waiting':
        sayOnce(stepKey(event.step), event.message, 'waiting', `${describe(event.step)}: ${event.message}`);
        break;
      case 'step-finished':
        say('done', `${describe(event.step)} (${elapsed(event.seconds)})`);
        break;
      case 'step-failed':
        say('failed', `${describe(event.step)} (${elapsed(event.seconds)}): ${event.error}`);
        break;
      case 'progress':
        sayOnce(event.topic, event.message, 'note', event.message);
        break;
      case 'warning':
        sayOnce(event.message, event.message, 'warning', event.message);
        break;
      case 'guard':
        say('guard', `${event.doing}: ${event.what}`);
        break;
      case 'availability':
        say('measured', describeAvailability(event.report));
        break;
    }
  }
  return { emit, settle: () => {} };
}
