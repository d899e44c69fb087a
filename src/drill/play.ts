import type { Emit } from '../cluster/loop/events.ts';
import { Refusal } from '../cluster/model/errors.ts';
import type { Step } from '../cluster/plan/step.ts';
import { systemClock } from '../util/clock.ts';
import { messageOf } from '../util/failure.ts';
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
  /** Default: three minutes. */
  readonly wellWithinMs?: number;
}

const WELL_WITHIN_MS = 180_000;

/**
 * One act: aimed anew, for roles change; proven to be survived; written down; done; held; undone; and seen through until everything is
 * as before, or has not become so in time, which is said.
 * @throws Refusal; whatever a blow or its cure throws
 */
export async function play(arena: Arena, name: ActName, playing: Playing): Promise<LoggedAct> {
  const { namespace, clock, emit, signal } = playing;
  const planned = planAct(name, await arena.observe(), arena.means);
  if (planned.refused !== null) throw notPlayed(arena, name, planned.refused);
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
  await arena.strike(wounds);
  await systemClock.sleep(holdMs, signal);
  await undo(arena, undoing, { emit, seconds: () => (clock() - at) / 1000 });
  const curedAt = clock();
  say(emit, `${name}: undone; waiting for everything to be well again`);
  const wellAt = await well(arena, playing).catch((error: unknown) => {
    signal.throwIfAborted();
    emit({ type: 'warning', message: `${name}: ${messageOf(error)}; no other act is played` });
    return null;
  });
  return { act: name, wounds: [...wounds], at, curedAt, wellAt };
}

function notPlayed(arena: Arena, name: ActName, reason: string): Refusal {
  const cluster = arena.spec().name;
  const remedy = { to: 'remove what is left of the drill', command: 'repair', cluster } as const;
  return new Refusal(`${name} is not played: ${reason}`, remedy);
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

/** When everything was well, and the clients found it so. @throws TimeoutError naming what is not. */
async function well(
  arena: Arena,
  { clients, clock, signal, wellWithinMs: timeoutMs = WELL_WITHIN_MS }: Playing,
): Promise<number> {
  const look = async (): Promise<true> => {
    const [ill] = ills(arena.spec(), await arena.observe());
    if (ill !== undefined) throw new Error(ill);
    return true;
  };
  const what = 'everything to be well again';
  await waitFor(look, { what, timeoutMs, intervalMs: 200, signal });
  const at = clock();
  return at + Math.round(await clients.calm(signal));
}

function say(emit: Emit, message: string): void {
  emit({ type: 'progress', topic: 'drill', message });
}

/** Undoes what is written down, as well as that goes: whoever fails here has failed before, and `repair` undoes the rest. */
export async function undoAll(arena: Arena): Promise<void> {
  const wounds = arena.drill()?.wounds ?? [];
  await Promise.allSettled(wounds.map((wound) => arena.execute({ kind: 'undo-fault', ...wound })));
}
