import { withInside } from './effects.ts';
import { inside, itsReplica, type ReplicaStep, type StepKind } from './step-kind.ts';

/** Drains: the API server finishes what it has accepted. */
export type StopApiServer = ReplicaStep<'stop-api-server'>;

export const stopApiServer: StepKind<StopApiServer> = {
  describe: ({ replica }) => `drain and stop the API server on ${replica}`,
  touches: itsReplica,
  outdates: inside,
  simulate: ({ replica }, before) => withInside(before, replica, { apiServer: 'disabled' }),
};
