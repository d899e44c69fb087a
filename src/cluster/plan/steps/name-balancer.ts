import { certificateNames, withInside } from './effects.ts';
import { inside, itsReplica, type ReplicaStep, type StepKind } from './step-kind.ts';

/** A serving certificate that has the balancer's DNS name on it; the API server takes it up while it runs. */
export type NameBalancer = ReplicaStep<'name-balancer'>;

export const nameBalancer: StepKind<NameBalancer> = {
  describe: ({ replica }) => `put the load balancer's DNS name on the certificate of ${replica}`,
  touches: itsReplica,
  outdates: inside,
  simulate: ({ replica }, before) =>
    withInside(before, replica, { certificateNames: certificateNames(before) }),
};
