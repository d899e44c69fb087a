import { memberOf } from '../../model/observation.ts';
import { newMember, withInside } from './effects.ts';
import { inside, membership, type ReplicaStep, type StepKind } from './step-kind.ts';

/**
 * Makes a survivor of a lost quorum a cluster of one, once. Resolves when etcd lists it and nobody else, and the spec's wish for
 * that is gone.
 */
export type ForceNewCluster = ReplicaStep<'force-new-cluster'>;

export const forceNewCluster: StepKind<ForceNewCluster> = {
  describe: ({ replica }) => `make ${replica} a cluster of one (etcd's --force-new-cluster)`,
  touches: membership,
  outdates: inside,
  simulate: ({ replica }, before) => {
    const flags = { learner: false, started: true, healthy: true, leader: true };
    const only = { ...(memberOf(before, replica) ?? newMember(replica, flags)), ...flags };
    const was = before.machines.find(({ name }) => name === replica)?.inside?.apiServer;
    const after = withInside(before, replica, {
      etcd: 'running',
      ...(was === 'unready' ? { apiServer: 'ready' } : {}),
    });
    return { ...after, rescued: true, etcd: { readable: true, members: [{ ...only, unseen: undefined }] } };
  },
};
