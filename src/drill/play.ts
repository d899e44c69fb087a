import type { Emit } from '../cluster/loop/events.ts';
import { Refusal, StepError } from '../cluster/model/errors.ts';
import type { Step } from '../cluster/plan/step.ts';
import { systemClock } from '../util/clock.ts';
import { waitFor } from '../util/wait.ts';
import { type ActName, acts } from './acts.ts';
import type { Arena } from './arena.ts';
import type { Clients } from './clients/index.ts';
import type { LoggedAct } from './log.ts';
import { planAct } from './plan.ts';
import { ills } from './well.ts';
import { sentenceOf } from './words.ts';

export interface Playing {
  readonly namespace: string;
  readonly clients: Clients;
  /** Milliseconds since the drill began. */
  readonly clock: () => number;
  readonly holdMs: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

const WELL_WITHIN_MS = 180_000;

/**
 * One act: aimed anew, for roles change; proven to be survived; written down; done; held; undone; and seen through until everything is
 * as before.
 * @throws Refusal, StepError
 */
export async function play(arena: Arena, name: ActName, playing: Playing): Promise<LoggedAct> {
  const { namespace, clients, clock, emit, signal } = playing;
  const planned = planAct(name, await arena.observe(), arena.means);
  if (planned.refused !== null) throw new Refusal(`${name} is not played: ${planned.refused}`, []);
  const { wounds } = planned;
  say(emit, `${name}: ${sentenceOf(name, wounds)}`);
  const holdMs = acts[name].holdMs ?? playing.holdMs;

  await arena.rememberDrill({ namespace, wounds });
  const undoing = wounds.map((wound): Step => ({ kind: 'undo-fault', ...wound }));
  for (const step of undoing) {
    emit({ type: 'step-started', step });
    emit({ type: 'step-waiting', step, message: `so that it lasts for ${holdMs / 1000} s` });
  }
  const at = clock();
  await Promise.all(wounds.map((wound) => arena.strike(wound)));
  await systemClock.sleep(holdMs, signal);
  await undo(arena, undoing, { emit, seconds: () => (clock() - at) / 1000 });
  const curedAt = clock();
  say(emit, `${name}: undone; waiting for everything to be well again`);
  await well(arena, signal);
  const wellAt = clock();
  await clients.calm(signal);
  return { act: name, wounds: [...wounds], at, curedAt, wellAt };
}

async function undo(
  arena: Arena,
  steps: readonly Step[],
  { emit, seconds }: { readonly emit: Emit; readonly seconds: () => number },
): Promise<void> {
  const one = async (step: Step): Promise<void> => {
    await arena.execute(step);
    emit({ type: 'step-finished', step, seconds: seconds() });
  };
  await Promise.all(steps.map(one));
}

/** @throws StepError naming what is not. */
async function well(arena: Arena, signal: AbortSignal): Promise<void> {
  const look = async (): Promise<true> => {
    const [ill] = ills(arena.spec(), await arena.observe());
    if (ill !== undefined) throw new Error(ill);
    return true;
  };
  const what = 'everything to be well again';
  await waitFor(look, { what, timeoutMs: WELL_WITHIN_MS, intervalMs: 200, signal }).catch((cause) => {
    signal.throwIfAborted();
    const cluster = arena.spec().name;
    throw new StepError('see the cluster well again after the drill', cause, {
      to: 'start what has stopped',
      command: 'repair',
      cluster,
    });
  });
}

function say(emit: Emit, message: string): void {
  emit({ type: 'progress', topic: 'drill', message });
}

/** Undoes what is written down, as well as that goes: whoever fails here has failed before, and `repair` undoes the rest. */
export async function undoAll(arena: Arena): Promise<void> {
  const wounds = arena.drill()?.wounds ?? [];
  await Promise.allSettled(wounds.map((wound) => arena.execute({ kind: 'undo-fault', ...wound })));
}
