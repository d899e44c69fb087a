import type { Cost } from '../revision/cost.ts';
import { withInside } from './effects.ts';
import { inside, membership, type ReplicaStep, type StepKind } from './step-kind.ts';

/** What was staged comes into force. What reads it only as it starts has been stopped before, but for etcd, which is started again. */
export interface ChangeRelease extends ReplicaStep<'change-release'> {
  /** Of the spec, by id. */
  readonly change: string;
  readonly cost: Cost;
  /** The API server serves: this step stops it, and starts it again. */
  readonly inPlace?: true;
}

const STOPS: Readonly<Record<Cost, string>> = {
  nothing: 'nothing stops',
  reload: 'nothing stops',
  controllers: 'its controllers are stopped',
  'api-server': 'its API server is stopped, etcd runs on',
  etcd: 'etcd starts again',
};

const IN_PLACE = {
  'api-server': 'its API server starts again, etcd runs on',
  etcd: 'etcd and its API server start again',
} as const;

export const changeRelease: StepKind<ChangeRelease> = {
  describe: ({ replica, cost, inPlace }) =>
    `change ${replica} (${inPlace ? IN_PLACE[cost === 'etcd' ? 'etcd' : 'api-server'] : STOPS[cost]})`,
  touches: membership,
  outdates: inside,
  simulate: ({ replica, change, inPlace }, before) =>
    withInside(before, replica, {
      ...{ change, staged: null, begun: null },
      ...(inPlace ? { apiServer: 'stopped' } : {}),
    }),
};
