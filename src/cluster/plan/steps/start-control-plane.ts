import { withInside } from './effects.ts';
import { withNodes } from './node-effects.ts';
import { inside, itsReplica, type ReplicaStep, type StepKind } from './step-kind.ts';

/** API server, controller manager, scheduler; resolves when all are ready. */
export type StartControlPlane = ReplicaStep<'start-control-plane'>;

export const startControlPlane: StepKind<StartControlPlane> = {
  describe: ({ replica }) => `start the control plane on ${replica}`,
  touches: itsReplica,
  outdates: inside,
  simulate: ({ replica }, before) => {
    const after = withInside(before, replica, { apiServer: 'ready', controllers: 'running' });
    return withNodes(after, { objects: after.nodes.objects ?? [] });
  },
};
