import { withInside } from './effects.ts';
import { inside, itsReplica, type ReplicaStep, type StepKind } from './step-kind.ts';

/** Takes everything about backups from a master; what is in the repository stays there. */
export type StopBackup = ReplicaStep<'stop-backup'>;

export const stopBackup: StepKind<StopBackup> = {
  describe: ({ replica }) => `stop backups on ${replica}`,
  touches: itsReplica,
  outdates: inside,
  simulate: ({ replica }, before) => withInside(before, replica, { backup: null }),
};
