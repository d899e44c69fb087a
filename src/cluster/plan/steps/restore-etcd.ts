import { newMember, withInside } from './effects.ts';
import { inside, membership, type ReplicaStep, type StepKind } from './step-kind.ts';

/**
 * Makes a new machine the only member of etcd, with the data of a backup. Resolves when etcd lists it and nobody else, and the
 * spec's wish for that is gone.
 */
export interface RestoreEtcd extends ReplicaStep<'restore-etcd'> {
  /** In the repository. */
  readonly backup: string;
}

export const restoreEtcd: StepKind<RestoreEtcd> = {
  describe: ({ replica, backup }) => `restore etcd on ${replica} from the backup ${backup}`,
  touches: membership,
  outdates: inside,
  simulate: ({ replica }, before) => {
    const only = newMember(replica, { learner: false, started: true, healthy: true, leader: true });
    const after = withInside(before, replica, { etcd: 'running', etcdData: true });
    return { ...after, rescued: true, etcd: { readable: true, members: [only] } };
  },
};
