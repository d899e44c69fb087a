import type { Observation } from '../../model/observation.ts';
import { certificateNames, withInside } from './effects.ts';
import { inside, itsReplica, type ReplicaStep, type StepKind } from './step-kind.ts';

/** Host key replaced, certificates, units and configuration in place; nothing started. */
export type Provision = ReplicaStep<'provision'>;

export const provision: StepKind<Provision> = {
  describe: ({ replica }) => `provision ${replica}`,
  touches: itsReplica,
  outdates: inside,
  simulate: ({ replica }, before) =>
    likeAnother(
      withInside(before, replica, { provisioned: true, certificateNames: certificateNames(before) }),
      replica,
    ),
};

/**
 * What differs of the others from what is wanted does of a newcomer too, which is made as they were before a change (roll.ts), if one is
 * under way. Its certificates are new.
 */
function likeAnother(o: Observation, replica: string): Observation {
  const other = o.machines.find(({ name, inside }) => name !== replica && inside?.revision);
  const revision = other?.inside?.revision;
  const wanted = other && o.wanted?.[other.name];
  if (!revision || !wanted) return o;
  return {
    ...withInside(o, replica, { revision: { ...revision, certificates: [] }, change: other.inside!.change }),
    wanted: { ...o.wanted, [replica]: { ...wanted, certificates: [] } },
  };
}
