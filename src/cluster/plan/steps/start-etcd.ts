import { withInside, withMember } from './effects.ts';
import { inside, membership, type ReplicaStep, type StepKind } from './step-kind.ts';

/**
 * Starts etcd of a listed member; a data directory of another member id is emptied first. It shares `etcd` with the changes of
 * membership: it is given the list of members as it is then, which must not change before the newcomer has read it.
 */
export type StartEtcd = ReplicaStep<'start-etcd'>;

export const startEtcd: StepKind<StartEtcd> = {
  describe: ({ replica }) => `start etcd on ${replica}`,
  touches: membership,
  outdates: inside,
  simulate: ({ replica }, before) => {
    const after = withInside(before, replica, { etcd: 'running', etcdData: true });
    return withMember(after, replica, { started: true, healthy: true });
  },
};
