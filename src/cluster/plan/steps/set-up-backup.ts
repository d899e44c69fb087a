import { withInside } from './effects.ts';
import { inside, itsReplica, type ReplicaStep, type StepKind } from './step-kind.ts';

/** Has a master back etcd up by itself for as long as its member leads. */
export interface SetUpBackup extends ReplicaStep<'set-up-backup'> {
  /** Of the spec's wish. */
  readonly generation: number;
}

export const setUpBackup: StepKind<SetUpBackup> = {
  describe: ({ replica }) => `set up backups on ${replica}`,
  touches: itsReplica,
  outdates: inside,
  simulate: ({ replica, generation }, before) =>
    withInside(before, replica, { backup: { generation, last: null, failure: null } }),
};
