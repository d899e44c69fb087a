import { newMember, withMembers } from './effects.ts';
import { etcdAlone, membership, type ReplicaStep, type StepKind } from './step-kind.ts';

export type AddLearner = ReplicaStep<'add-learner'>;

export const addLearner: StepKind<AddLearner> = {
  describe: ({ replica }) => `add ${replica} to etcd as a learner`,
  touches: membership,
  outdates: etcdAlone,
  simulate: ({ replica }, before) => {
    const learner = newMember(replica, { learner: true, started: false, healthy: false, leader: false });
    return withMembers(before, [...before.etcd.members, learner]);
  },
};
