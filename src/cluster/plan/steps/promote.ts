import { withMember } from './effects.ts';
import { etcdAlone, membership, type ReplicaStep, type StepKind } from './step-kind.ts';

/** Waits until the learner has caught up; one that misses its time limit is removed and the step fails. */
export type Promote = ReplicaStep<'promote'>;

export const promote: StepKind<Promote> = {
  describe: ({ replica }) => `promote ${replica} to a voter of etcd`,
  touches: membership,
  outdates: etcdAlone,
  simulate: ({ replica }, before) => withMember(before, replica, { learner: false, healthy: true }),
};
