import type { HaupEvent } from '../../cluster/loop/events.ts';
import type { Plan } from '../../cluster/plan/plan.ts';
import type { Standing } from '../../cluster/plan/standing.ts';
import { describe, stepKey } from '../../cluster/plan/step.ts';
import type { AvailabilityReport } from '../../lb/availability.ts';
import { type Topology, topologyOf } from './topology.ts';

/** A step that was begun. Times in milliseconds since the command began. */
export interface ReportedStep {
  readonly kind: string;
  readonly what: string;
  readonly at: number;
  /** Null: it had not ended when the command did. */
  readonly until: number | null;
  readonly failed: string | null;
  /** How etcd stood after it, by the plan; null where the plan did not know of it. */
  readonly after: Standing | null;
}

/** What a changing command did, or would do, for programs; the page is made of nothing else. */
export interface ChangeReport {
  readonly format: 1;
  readonly haup: string;
  readonly command: string;
  readonly cluster: string;
  /** RFC 3339. */
  readonly began: string;
  readonly ms: number;
  readonly dryRun: boolean;
  /** Why it ended before its end; null: it did not. */
  readonly error: string | null;
  readonly steps: readonly ReportedStep[];
  /** Reads on new connections through the API address: when each began, what it took, and 1 if it failed. */
  readonly reads: readonly (readonly [number, number, 0 | 1])[];
  /** What was measured while the address moved. */
  readonly availability: readonly AvailabilityReport[];
  readonly warnings: readonly string[];
  /** The first plan; null: it came to none. */
  readonly plan: {
    readonly steps: readonly { readonly what: string; readonly before: Standing; readonly after: Standing }[];
    readonly refused: readonly string[];
    readonly before: Topology;
    readonly after: Topology;
  } | null;
}

export interface Noted {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly event: HaupEvent;
}

export type Ending = Pick<ChangeReport, 'haup' | 'command' | 'cluster' | 'dryRun' | 'error'> & {
  /** Milliseconds since the epoch. */
  readonly began: number;
  readonly ended: number;
};

/** Makes a report of all that was said. Pure. */
export function reportOf(notes: readonly Noted[], { began, ended, ...ending }: Ending): ChangeReport {
  const events = notes.map(({ event }) => event);
  const plan = events.find((event) => event.type === 'plan')?.plan ?? null;
  const warnings = events.flatMap((event) =>
    event.type === 'warning' ? [event.message] : event.type === 'plan' ? event.plan.warnings : [],
  );
  return {
    format: 1,
    ...ending,
    began: new Date(began).toISOString(),
    ms: Math.max(0, ended - began),
    steps: stepsOf(notes, began, plan),
    reads: events
      .flatMap((event) =>
        event.type === 'read'
          ? [[Math.max(0, event.at - began), event.ms, event.failed ? 1 : 0] as const]
          : [],
      )
      .toSorted(([a], [b]) => a - b),
    availability: events.flatMap((event) => (event.type === 'availability' ? [event.report] : [])),
    warnings: [...new Set(warnings)],
    plan: plan && {
      steps: plan.steps.map(({ step, before, after }) => ({ what: describe(step), before, after })),
      refused: plan.blocked.map(({ message }) => message),
      before: topologyOf(plan.begin),
      after: topologyOf(plan.end),
    },
  };
}

/** A step that is begun again is another one. */
function stepsOf(notes: readonly Noted[], began: number, plan: Plan | null): ReportedStep[] {
  const steps: ReportedStep[] = [];
  const open = new Map<string, number>();
  for (const { at, event } of notes) {
    if (event.type !== 'step-started' && event.type !== 'step-finished' && event.type !== 'step-failed')
      continue;
    const key = stepKey(event.step);
    if (event.type === 'step-started') {
      const after = plan?.steps.find(({ step }) => stepKey(step) === key)?.after ?? null;
      open.set(key, steps.length);
      steps.push({
        ...{ kind: event.step.kind, what: describe(event.step), at: Math.max(0, at - began) },
        ...{ until: null, failed: null, after },
      });
      continue;
    }
    const index = open.get(key);
    if (index === undefined) continue;
    open.delete(key);
    const failed = event.type === 'step-failed' ? event.error : null;
    steps[index] = { ...steps[index]!, until: Math.max(0, at - began), failed };
  }
  return steps;
}
