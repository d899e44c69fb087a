import { certificateNames, withInside } from './effects.ts';
import { inside, itsReplica, type ReplicaStep, type StepKind } from './step-kind.ts';

/** Host key replaced, certificates, units and configuration in place; nothing started. */
export type Provision = ReplicaStep<'provision'>;

export const provision: StepKind<Provision> = {
  describe: ({ replica }) => `provision ${replica}`,
  touches: itsReplica,
  outdates: inside,
  simulate: ({ replica }, before) =>
    withInside(before, replica, { provisioned: true, certificateNames: certificateNames(before) }),
};
