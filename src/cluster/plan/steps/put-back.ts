import { revived, withInside } from './effects.ts';
import { inside, membership, type ReplicaStep, type StepKind } from './step-kind.ts';

/** A replica on which a change does not work gets its last release again. Its control plane is started after that. */
export interface PutBack extends ReplicaStep<'put-back'> {
  /** Of the spec, by id. */
  readonly change: string;
  /** The change was in etcd too. */
  readonly etcd: boolean;
}

export const putBack: StepKind<PutBack> = {
  describe: ({ replica }) => `put ${replica} back to what it was`,
  touches: membership,
  outdates: inside,
  simulate: ({ replica, etcd }, before) => {
    const after = withInside(before, replica, {
      ...{ change: null, staged: null, begun: null, apiServer: 'disabled', controllers: 'disabled' },
      ...(etcd ? { etcd: 'running' } : {}),
    });
    return etcd ? revived(after, replica) : after;
  },
};
