import type { DrillRecord } from './drill.ts';

/** What nothing shows and has to be known all the same. It stands beside what was seen, because rules need both. */
export interface Remembered {
  /** The first member of etcd has answered once: from then on an empty disk is a lost replica, not a new cluster. By the store. */
  readonly bootstrapped: boolean;
  /** The deletion of the network has run to its end: no cloud lists what is gone. By this run alone. */
  readonly networkDeleted: boolean;
  /** A drill that is under way, or was interrupted. By the store. */
  readonly drill?: DrillRecord | undefined;
}
