import { type Clock, systemClock } from '../../util/clock.ts';
import { Failure, messageOf } from '../../util/failure.ts';
import type { Remedy } from '../../util/remedy.ts';
import { Refusal, StepError } from '../model/errors.ts';
import type { Observation } from '../model/observation.ts';
import type { ClusterSpec } from '../model/spec.ts';
import type { Policy } from '../plan/decision.ts';
import { next } from '../plan/next.ts';
import { describe, type Step, simulate } from '../plan/step.ts';
import type { Emit } from './events.ts';
import { type FailedStep, type Halfway, RunningSteps } from './running.ts';

/** The cloud, the machines, etcd and the store, as the loop sees them. */
export interface World {
  /** What should be, as the store has it now. */
  spec(): ClusterSpec;
  /**
   * Everything, as it is now. With `since`, the steps that have had an effect since the last look: what they do not
   * touch may be what was seen up to {@link REUSE_MS} ago, so that nothing final is concluded from such an answer.
   */
  observe(since?: readonly Step[]): Promise<Observation>;
  /** Idempotent. Resolves when the step's effect can be observed. */
  execute(step: Step, progress: (message: string) => void, halfway: Halfway): Promise<void>;
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
  const { signal, policy, clock = systemClock } = options;
  const running = new RunningSteps();
  const isOver = (): boolean => running.failure !== undefined || signal?.aborted === true;
  let seen: Observation | undefined;
  /** Nothing is concluded for good from a look that was not at everything. */
  let seeAll = false;
  let looks = 0;

  for (;;) {
    if (isOver()) {
      await running.allEnded();
      signal?.throwIfAborted();
      throw failed(running.failure!, world.spec());
    }
    const effects = running.lookBegins();
    if (running.none && seen) seeAll ||= isLikelyTheLast(world.spec(), seen, effects, policy);
    const whole = seeAll;
    seen = await world.observe(whole ? undefined : effects).catch(async (error: unknown) => {
      // Nothing of ours goes on behind the back of whoever reads the error.
      await running.allEnded();
      throw error;
    });
    running.lookEnds();
    seeAll = false;
    if (isOver()) continue;

    const { steps, blocked } = next(world.spec(), seen, policy);
    const outdated = steps.some((step) => running.hasOvertaken(step));
    for (const step of steps) {
      if (!running.leaves(step) || running.hasOvertaken(step)) continue;
      const times = running.successes(step);
      // What a cloud has done it may show only a moment later.
      if (times > 0) await clock.sleep(200 * times, signal).catch(() => {});
      if (isOver()) break;
      if (times < PATIENCE) begin(world, running, step, options);
      else running.fail(step, stuck(step, world.spec()));
    }
    if (outdated || isOver()) continue;
    if (!running.none) {
      await running.news();
      continue;
    }
    if (steps.length > 0) continue; // they have ended already
    const [reason] = blocked;
    if (!whole) {
      seeAll = true;
    } else if (reason?.passing && looks++ < LOOKS) {
      seeAll = true;
      await clock.sleep(1000, signal);
    } else if (reason) {
      throw new Refusal(reason.message, reason.advice);
    } else {
      return seen;
    }
  }
}

/** If these steps did what they say, nothing is left to do: then the look that is due anyway can as well be at everything. */
function isLikelyTheLast(
  spec: ClusterSpec,
  seen: Observation,
  done: readonly Step[],
  policy: Policy | undefined,
): boolean {
  const expected = done.reduce((state, step) => simulate(step, state), seen);
  return next(spec, expected, policy).steps.length === 0;
}

function begin(world: World, running: RunningSteps, step: Step, options: ConvergeOptions): void {
  const { emit, clock = systemClock } = options;
  const began = clock.now();
  const seconds = (): number => (clock.now() - began) / 1000;
  emit({ type: 'step-started', step });
  running.start(step, async (halfway) => {
    try {
      await world.execute(step, (message) => emit({ type: 'step-waiting', step, message }), halfway);
      emit({ type: 'step-finished', step, seconds: seconds() });
    } catch (error) {
      emit({ type: 'step-failed', step, seconds: seconds(), error: messageOf(error) });
      throw error;
    }
  });
}

function failed({ step, error }: FailedStep, spec: ClusterSpec): Error {
  if (error instanceof StepError || error instanceof Refusal) return error;
  return new StepError(describe(step), error, [
    ...(error instanceof Failure ? error.remedies : []),
    wayOn(spec),
  ]);
}

function stuck(step: Step, spec: ClusterSpec): Error {
  return new StepError(
    describe(step),
    new Error('it was done, but its effect is not to be seen'),
    wayOn(spec),
  );
}

function wayOn({ name: cluster, deleting }: ClusterSpec): Remedy {
  return deleting
    ? { to: 'try again, nothing is lost by it', command: 'delete', cluster }
    : { to: 'finish what was begun', command: 'repair', cluster };
}
