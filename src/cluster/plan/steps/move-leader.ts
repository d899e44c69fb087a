import { withLeader } from './effects.ts';
import { etcdAlone, membership, type ReplicaStep, type StepKind } from './step-kind.ts';

/** To one that stays: a leaver would only have to pass it on. */
export interface MoveLeader extends ReplicaStep<'move-leader'> {
  readonly to: string;
}

export const moveLeader: StepKind<MoveLeader> = {
  describe: ({ replica, to }) => `move the etcd leadership from ${replica} to ${to}`,
  touches: membership,
  outdates: etcdAlone,
  simulate: ({ to }, before) => withLeader(before, (member) => member.name === to),
};
