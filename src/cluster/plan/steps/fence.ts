import { withInside } from './effects.ts';
import { inside, itsReplica, type ReplicaStep, type StepKind } from './step-kind.ts';

/** Stops a member of etcd for good, so that it cannot be part of the old cluster again beside a new one. */
export type Fence = ReplicaStep<'fence'>;

export const fence: StepKind<Fence> = {
  describe: ({ replica }) => `stop etcd on ${replica} for good`,
  touches: itsReplica,
  outdates: inside,
  simulate: ({ replica }, before) => withInside(before, replica, { etcd: 'disabled' }),
};
