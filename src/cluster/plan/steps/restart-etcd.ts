import { revived, withInside } from './effects.ts';
import { inside, itsReplica, type ReplicaStep, type StepKind } from './step-kind.ts';

/** Starts etcd again where a voter's data is (`haup repair`). Several at once: none serves before a majority does. */
export type RestartEtcd = ReplicaStep<'restart-etcd'>;

export const restartEtcd: StepKind<RestartEtcd> = {
  describe: ({ replica }) => `start etcd again on ${replica}`,
  touches: itsReplica,
  outdates: inside,
  simulate: ({ replica }, before) => revived(withInside(before, replica, { etcd: 'running' }), replica),
};
