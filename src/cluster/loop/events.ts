import type { AvailabilityReport } from '../../lb/availability.ts';
import type { Plan } from '../plan/plan.ts';
import type { Step } from '../plan/step.ts';

/** What the engine says while it works. It prints nothing: the CLI renders these, as a tree, as lines or as NDJSON. */
export type HaupEvent =
  | { readonly type: 'plan'; readonly plan: Plan }
  /** The store has what is wanted: from here on it is unfinished until it is done. People are not shown it. */
  | { readonly type: 'change-saved' }
  | { readonly type: 'step-started'; readonly step: Step }
  /** What a running step waits for now. */
  | { readonly type: 'step-waiting'; readonly step: Step; readonly message: string }
  | { readonly type: 'step-finished'; readonly step: Step; readonly seconds: number }
  | { readonly type: 'step-failed'; readonly step: Step; readonly seconds: number; readonly error: string }
  /** Work outside the steps: "downloading etcd v3.7.3: 40 %". A later one with the same topic replaces it. */
  | { readonly type: 'progress'; readonly topic: string; readonly message: string }
  | { readonly type: 'warning'; readonly message: string }
  /** What a change took, when it has ended: steps that were finished, and commands over SSH. People are not shown it. */
  | { readonly type: 'cost'; readonly steps: number; readonly commands: number }
  /** What a guard does and why, or why it does nothing. */
  | {
      readonly type: 'guard';
      readonly doing: 'begins' | 'done' | 'failed' | 'waits';
      readonly what: string;
    }
  | { readonly type: 'availability'; readonly report: AvailabilityReport }
  /** One read on a new connection, for a report: when it began, in milliseconds since the epoch, and what it took. Nobody is shown it. */
  | { readonly type: 'read'; readonly at: number; readonly ms: number; readonly failed: boolean };

export type Emit = (event: HaupEvent) => void;
