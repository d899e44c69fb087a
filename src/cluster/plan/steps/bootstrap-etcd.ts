import { newMember, withInside } from './effects.ts';
import { inside, membership, type ReplicaStep, type StepKind } from './step-kind.ts';

/** The first member of a new etcd; resolves when it answers, and remembers that the cluster exists. */
export type BootstrapEtcd = ReplicaStep<'bootstrap-etcd'>;

export const bootstrapEtcd: StepKind<BootstrapEtcd> = {
  describe: ({ replica }) => `bootstrap etcd on ${replica}`,
  touches: membership,
  outdates: inside,
  simulate: ({ replica }, before) => {
    const first = newMember(replica, { learner: false, started: true, healthy: true, leader: true });
    const after = withInside(before, replica, { etcd: 'running', etcdData: true });
    return {
      ...after,
      remembered: { ...after.remembered, bootstrapped: true },
      etcd: { readable: true, members: [first] },
    };
  },
};
