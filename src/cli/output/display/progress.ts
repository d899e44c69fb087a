import type { HaupEvent } from '../../../cluster/loop/events.ts';
import { describe, type Step, stepKey } from '../../../cluster/plan/step.ts';

export interface Entry {
  readonly step: Step;
  readonly state: 'pending' | 'running' | 'done' | 'failed';
  /** Milliseconds since the epoch; 0 while pending. */
  readonly startedAt: number;
  /** What it took; 0 until it has ended. */
  readonly seconds: number;
  /** What it waits for now. */
  readonly waiting: string | null;
}

/** All that the events so far add up to. */
export interface Progress {
  readonly entries: readonly Entry[];
  /** The store has what was planned last. */
  readonly saved: boolean;
  /** Work outside the steps: what is said of it now, by topic. */
  readonly topics: ReadonlyMap<string, { readonly message: string; readonly at: number }>;
  readonly warnings: readonly string[];
}

export const noProgress: Progress = { entries: [], saved: false, topics: new Map(), warnings: [] };

/** The progress after one more event. Pure. */
export function advance(progress: Progress, event: HaupEvent, now: number): Progress {
  switch (event.type) {
    case 'plan':
      return {
        ...progress,
        saved: false,
        entries: planned(
          progress.entries,
          event.plan.steps.map((planned) => planned.step),
        ),
        warnings: union(progress.warnings, event.plan.warnings),
      };
    case 'change-saved':
      return { ...progress, saved: true };
    case 'step-started':
      return change(progress, event.step, 'pending', { state: 'running', startedAt: now });
    case 'step-waiting':
      return change(progress, event.step, 'running', { waiting: event.message });
    case 'step-finished':
      return change(progress, event.step, 'running', {
        state: 'done',
        seconds: event.seconds,
        waiting: null,
      });
    case 'step-failed':
      return change(progress, event.step, 'running', {
        state: 'failed',
        seconds: event.seconds,
        waiting: event.error,
      });
    case 'progress':
      return {
        ...progress,
        topics: new Map(progress.topics).set(event.topic, { message: event.message, at: now }),
      };
    case 'warning':
      return { ...progress, warnings: union(progress.warnings, [event.message]) };
    case 'guard':
      return {
        ...progress,
        topics: new Map(progress.topics).set('guard', { message: `${event.doing}: ${event.what}`, at: now }),
      };
    case 'availability':
    case 'read':
    case 'cost':
      return progress;
  }
}

/** What is worth keeping once all is over: a step that proved unnecessary was planned, but is not missing. */
export function ended(progress: Progress): Progress {
  const begun = progress.entries.filter((entry) => entry.state !== 'pending');
  const complete = begun.every((entry) => entry.state === 'done');
  return { ...progress, entries: complete ? begun : progress.entries, topics: new Map() };
}

/** A new plan replaces what was still to come; what has begun stays. */
function planned(entries: readonly Entry[], steps: readonly Step[]): Entry[] {
  const begun = entries.filter((entry) => entry.state !== 'pending');
  const running = begun.filter((entry) => entry.state === 'running').map((entry) => stepKey(entry.step));
  const pending = steps
    .filter((step) => !running.includes(stepKey(step)))
    .map((step): Entry => ({ step, state: 'pending', startedAt: 0, seconds: 0, waiting: null }));
  return [...begun, ...pending];
}

function change(progress: Progress, step: Step, from: Entry['state'], to: Partial<Entry>): Progress {
  const key = stepKey(step);
  const index = progress.entries.findIndex((entry) => entry.state === from && stepKey(entry.step) === key);
  const entries = [...progress.entries];
  if (index >= 0) entries[index] = { ...entries[index]!, ...to };
  else entries.push({ step, state: 'running', startedAt: 0, seconds: 0, waiting: null, ...to });
  return { ...progress, entries };
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])];
}

/** What is left of it, in sentences: for when it ends before its time. */
export interface Remaining {
  /** What it was at; none: nothing was begun. */
  readonly doing: readonly string[];
  /** What was planned after that. */
  readonly toCome: readonly string[];
  /** Something has been begun, or was planned, and is not done. */
  readonly unfinished: boolean;
  /** What was last said of the work outside the steps; null: nothing. */
  readonly topic: string | null;
}

export const noWork: Remaining = { doing: [], toCome: [], unfinished: false, topic: null };

export function workLeft({ entries, saved, topics }: Progress): Remaining {
  const named = (...states: Entry['state'][]) =>
    entries.filter((entry) => states.includes(entry.state)).map((entry) => describe(entry.step));
  const topic = [...topics.values()].sort((a, b) => b.at - a.at)[0]?.message ?? null;
  const [doing, toCome] = [named('running', 'failed'), named('pending')];
  const begun = saved || entries.some((entry) => entry.state !== 'pending');
  const unfinished = doing.length + toCome.length > 0;
  return {
    doing: begun && doing.length === 0 ? ['look at what is left to do'] : doing,
    toCome,
    unfinished,
    topic,
  };
}
