import type { DrillRecord, Wound } from '../cluster/model/drill.ts';
import type { Observation } from '../cluster/model/observation.ts';
import type { ClusterSpec } from '../cluster/model/spec.ts';
import type { Step } from '../cluster/plan/step.ts';
import type { ApiClient } from '../kubernetes/client.ts';
import type { Means } from './plan.ts';
import type { Witnessed } from './witness.ts';

/** A cluster as a drill needs it. */
export interface Arena {
  spec(): ClusterSpec;
  observe(): Promise<Observation>;
  /** For what undoes things: the loop's own steps. */
  execute(step: Step): Promise<void>;
  /** An administrator's way to the API, through its address. */
  api(): Promise<ApiClient>;
  /** Writes down what is begun, before it is. */
  rememberDrill(drill: DrillRecord): Promise<void>;
  /** What is written down now. */
  drill(): DrillRecord | undefined;
  /** Deals the blows of one act, at once. Each has fallen or failed when this ends. */
  strike(wounds: readonly Wound[]): Promise<void>;
  readonly witnessed: Pick<Witnessed, 'etcd' | 'address'>;
  readonly means: Means;
}
