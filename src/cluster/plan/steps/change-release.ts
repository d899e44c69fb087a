import type { Cost } from '../revision/cost.ts';
import { withInside } from './effects.ts';
import { inside, membership, type ReplicaStep, type StepKind } from './step-kind.ts';

/** What was staged comes into force. What reads it only as it starts has been stopped before, but for etcd, which is started again. */
export interface ChangeRelease extends ReplicaStep<'change-release'> {
  /** Of the spec, by id. */
  readonly change: string;
  readonly cost: Cost;
}

const STOPS: Readonly<Record<Cost, string>> = {
  nothing: 'nothing stops',
  reload: 'nothing stops',
  controllers: 'its controllers are stopped',
  'api-server': 'its API server is stopped, etcd runs on',
  etcd: 'etcd starts again',
};

export const changeRelease: StepKind<ChangeRelease> = {
  describe: ({ replica, cost }) => `change ${replica} (${STOPS[cost]})`,
  touches: membership,
  outdates: inside,
  simulate: ({ replica, change }, before) =>
    withInside(before, replica, { change, staged: null, begun: null }),
};
