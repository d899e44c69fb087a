import type { Observation } from './observation.ts';
import type { Standing } from './standing.ts';
import type { Step } from './step.ts';

/** Something is needed that would not be safe, or cannot work: why, and the way out. */
export interface Blocked {
  readonly message: string;
  readonly advice: string;
}

export interface PlannedStep {
  readonly step: Step;
  readonly before: Standing;
  readonly after: Standing;
}

/** Everything that a command would do, in an order that it could happen in. */
export interface Plan {
  readonly steps: readonly PlannedStep[];
  /** Not empty: the command is refused (exit code 3). */
  readonly blocked: readonly Blocked[];
  readonly warnings: readonly string[];
  /** How long the API address will not answer, in seconds; null when it does not move. */
  readonly interruption: {
    readonly expectedSeconds: number;
    readonly worstSeconds: number;
    readonly note: string | null;
  } | null;
  /** What will be. */
  readonly end: Observation;
}
