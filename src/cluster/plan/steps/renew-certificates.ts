import { withInside } from './effects.ts';
import { inside, itsReplica, type ReplicaStep, type StepKind } from './step-kind.ts';

/** All certificates of a replica anew, over SSH alone, and what runs started again with them. */
export type RenewCertificates = ReplicaStep<'renew-certificates'>;

const YEAR_SECONDS = 365 * 86_400;

export const renewCertificates: StepKind<RenewCertificates> = {
  describe: ({ replica }) => `renew the certificates of ${replica}`,
  touches: itsReplica,
  outdates: inside,
  simulate: ({ replica }, before) =>
    // How long each of them lasts, only a look can say.
    withInside(before, replica, { certificateSecondsLeft: YEAR_SECONDS, revision: null }),
};
