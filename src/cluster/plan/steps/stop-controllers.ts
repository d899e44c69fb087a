import { withInside } from './effects.ts';
import { inside, itsReplica, type ReplicaStep, type StepKind } from './step-kind.ts';

export type StopControllers = ReplicaStep<'stop-controllers'>;

export const stopControllers: StepKind<StopControllers> = {
  describe: ({ replica }) => `stop controller manager and scheduler on ${replica}`,
  touches: itsReplica,
  outdates: inside,
  simulate: ({ replica }, before) => withInside(before, replica, { controllers: 'disabled' }),
};
