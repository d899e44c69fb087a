import { withInside } from './effects.ts';
import { inside, itsReplica, type ReplicaStep, type StepKind } from './step-kind.ts';

/** What a changed spec makes of a replica, beside what is in force, with its programs: all that is slow, while everything runs. */
export interface StageRelease extends ReplicaStep<'stage-release'> {
  /** Of the spec, by id. */
  readonly change: string;
}

export const stageRelease: StepKind<StageRelease> = {
  describe: ({ replica }) => `prepare the change of ${replica}, which goes on`,
  touches: itsReplica,
  outdates: inside,
  simulate: ({ replica, change }, before) => withInside(before, replica, { staged: change }),
};
