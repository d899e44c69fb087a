import type { Remedies } from '../../util/remedy.ts';
import type { Renewal } from './revision/due.ts';
import type { Step } from './steps/index.ts';

/** What may run now, and what is needed but must not. */
export interface Decision {
  readonly steps: readonly Step[];
  readonly blocked: readonly Blocked[];
}

/** Something is needed that would not be safe, or cannot work: why, and the way out. */
export interface Blocked {
  readonly message: string;
  readonly advice: Remedies;
  /** It may be over in a moment, without anybody's help: an election. */
  readonly passing?: boolean;
}

export const nothingToDo: Decision = { steps: [], blocked: [] };

/** How nodes are emptied. */
export interface DrainPolicy {
  readonly force: boolean;
  readonly timeoutSeconds: number;
}

export const defaultDrain: DrainPolicy = { force: false, timeoutSeconds: 300 };

export interface Policy {
  /** Renew what is due of the replicas' and the nodes' certificates; absent: leave them as they are. */
  readonly renew?: Renewal;
  /** Make the masters' add-ons those of the store; absent: leave them as they are. */
  readonly addons?: boolean;
  /** Unless told otherwise {@link defaultDrain}. */
  readonly drain?: DrainPolicy;
  /** Leave the nodes as they are, whatever is wished of them. */
  readonly withoutNodes?: boolean;
  /** Start what has stopped: machines, etcd, API servers of replicas that the spec wants (a repair). */
  readonly revive: boolean;
}
