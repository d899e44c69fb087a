import { type Clock, systemClock } from '../util/clock.ts';
import { Refusal, StepError } from './errors.ts';
import type { Emit } from './events.ts';
import { next } from './next/next.ts';
import type { Policy } from './next/view.ts';
import type { Observation } from './observation.ts';
import type { ClusterSpec } from './spec.ts';
import { describe, type Step, stepKey, touches } from './step.ts';

/** The cloud, the machines, etcd and the store, as the loop sees them. */
export interface World {
  /** What should be, as the store has it now. */
  spec(): ClusterSpec;
  /**
   * Everything, as it is now. With `since`, the steps that have had an effect since the last look: what they do not
   * touch may be what was seen up to {@link REUSE_MS} ago, so that nothing final is concluded from such an answer.
   */
  observe(since?: readonly Step[]): Promise<Observation>;
  /** Idempotent. Resolves when the step's effect can be observed; `halfway` says that a part of it can be. */
  execute(step: Step, progress: (message: string) => void, halfway: () => void): Promise<void>;
}

export interface ConvergeOptions {
  readonly policy?: Policy;
  readonly emit: Emit;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/** Looks, a second apart, that what may pass by itself is given to do so. */
const LOOKS = 30;
/** Between two steps that follow each other at once, most things need no second look. */
export const REUSE_MS = 2000;

/** A step that succeeded and is asked for again this often does not do what it says. */
const PATIENCE = 5;

/**
 * Observe, run what may run now, observe again, until nothing is left to do. Steps that touch different things run side
 * by side. After a failure nothing new begins, and what runs is waited for.
 *
 * @returns the last observation: converged.
 * @throws StepError when a step failed; Refusal when what is left would not be safe; the signal's reason when aborted.
 */
export async function converge(world: World, options: ConvergeOptions): Promise<Observation> {
  const { emit, signal } = options;
  const clock = options.clock ?? systemClock;
  const running = new Map<string, { readonly step: Step; readonly done: Promise<void> }>();
  const succeeded = new Map<string, number>();
  /** Things that steps have changed since the observation began: what it says of them may be of before. */
  const changed = new Set<string>();
  /** Steps that have had an effect, or a part of it, since the last observation began. */
  let since: Step[] = [];
  let wake = (): void => {};
  let woken = false;
  /** The next observation has to be of now, in everything. */
  let whole = false;
  let looks = 0;
  let failure: { readonly step: Step; readonly error: unknown } | undefined;

  const start = (step: Step): void => {
    const key = stepKey(step);
    const began = clock.now();
    const seconds = (): number => (clock.now() - began) / 1000;
    const halfway = (): void => {
      since.push(step);
      woken = true;
      wake();
    };
    emit({ type: 'step-started', step });
    const done = world
      .execute(step, (message) => emit({ type: 'step-waiting', step, message }), halfway)
      .then(
        () => {
          succeeded.set(key, (succeeded.get(key) ?? 0) + 1);
          emit({ type: 'step-finished', step, seconds: seconds() });
        },
        (error: unknown) => {
          failure ??= { step, error };
          emit({ type: 'step-failed', step, seconds: seconds(), error: messageOf(error) });
        },
      )
      .finally(() => {
        running.delete(key);
        since.push(step);
        for (const thing of touches(step)) changed.add(thing);
      });
    running.set(key, { step, done });
  };

  for (;;) {
    if (failure || signal?.aborted) {
      await Promise.all([...running.values()].map((entry) => entry.done));
      signal?.throwIfAborted();
      throw failed(failure!.step, failure!.error, world.spec());
    }
    changed.clear();
    const effects = whole ? undefined : since;
    since = [];
    woken = false;
    const observation = await world.observe(effects).catch(async (error: unknown) => {
      // What runs is waited for: nothing of ours goes on behind the back of whoever reads the error.
      await Promise.all([...running.values()].map((entry) => entry.done));
      throw error;
    });
    if (failure || signal?.aborted) continue;
    const decision = next(world.spec(), observation, options.policy);
    const isOutdated = (step: Step): boolean => touches(step).some((thing) => changed.has(thing));
    const outdated = decision.steps.some(isOutdated) || (running.size === 0 && changed.size > 0);
    for (const step of decision.steps) {
      if (!isOutdated(step) && isFree(step, running)) {
        const times = succeeded.get(stepKey(step)) ?? 0;
        if (times >= PATIENCE) {
          failure ??= { step, error: stuck(step, world.spec()) };
          break;
        }
        // What a cloud has done it may show only a moment later.
        if (times > 0) await clock.sleep(200 * times, signal).catch(() => {});
        if (signal?.aborted) break;
        start(step);
      }
    }
    if (outdated || failure || signal?.aborted) continue;
    if (running.size === 0) {
      if (effects !== undefined) {
        whole = true;
        continue;
      }
      const [blocked] = decision.blocked;
      if (blocked?.passing && looks++ < LOOKS) {
        await clock.sleep(1000, signal);
        continue;
      }
      if (blocked) throw new Refusal(blocked.message, blocked.advice);
      if (decision.steps.length === 0) return observation;
    }
    whole = false;
    // None left: what ran has ended while we waited for something else.
    if (running.size === 0) continue;
    const halves = new Promise<void>((resolve) => {
      wake = resolve;
      if (woken) resolve();
    });
    await Promise.race([halves, ...[...running.values()].map((entry) => entry.done)]);
  }
}

function isFree(step: Step, running: ReadonlyMap<string, { readonly step: Step }>): boolean {
  const things = new Set(touches(step));
  return [...running.values()].every((entry) => !touches(entry.step).some((thing) => things.has(thing)));
}

function failed(step: Step, error: unknown, spec: ClusterSpec): Error {
  if (error instanceof StepError || error instanceof Refusal) return error;
  const advice = (error as { advice?: string | null }).advice;
  return new StepError(describe(step), error, [advice, wayOn(spec)].filter(Boolean).join('; '));
}

function stuck(step: Step, spec: ClusterSpec): Error {
  return new StepError(
    describe(step),
    new Error('it was done, but its effect is not to be seen'),
    wayOn(spec),
  );
}

function wayOn(spec: ClusterSpec): string {
  return spec.deleting
    ? `nothing is lost by trying again: haup delete -c ${spec.name}`
    : `what was begun is finished by: haup repair -c ${spec.name}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
