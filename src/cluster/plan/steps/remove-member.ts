import { withLeader, withMembers } from './effects.ts';
import { inside, membership, type ReplicaStep, type StepKind } from './step-kind.ts';

/** Its etcd ends by itself. */
export interface RemoveMember extends ReplicaStep<'remove-member'> {
  /** The member id, in decimal. */
  readonly member: string;
}

export const removeMember: StepKind<RemoveMember> = {
  describe: ({ replica }) => `remove ${replica} from etcd`,
  touches: membership,
  outdates: inside,
  simulate: ({ member }, before) => {
    const led = before.etcd.members.some((m) => m.id === member && m.leader);
    const after = led ? withLeader(before, (m) => m.id !== member) : before;
    return withMembers(
      after,
      after.etcd.members.filter((m) => m.id !== member),
    );
  },
};
