import { machineOf } from '../../model/observation.ts';
import { withInside } from './effects.ts';
import { inside, itsReplica, type ReplicaStep, type StepKind } from './step-kind.ts';

/** The add-ons that a master keeps in the cluster are those of the store, and no others. */
export type KeepAddons = ReplicaStep<'keep-addons'>;

export const keepAddons: StepKind<KeepAddons> = {
  describe: ({ replica }) => `give ${replica} the add-ons`,
  // What they are is deleted and made in the one cluster that all masters have.
  touches: (step) => ['addons', ...itsReplica(step)],
  outdates: inside,
  simulate: ({ replica }, before) => {
    const revision = machineOf(before, replica)?.inside?.revision;
    const wanted = before.wanted?.[replica];
    if (!revision || !wanted) return before;
    const isAddon = ([path]: readonly [string, unknown]): boolean => path.startsWith('addons/');
    const others = Object.entries(revision.configuration).filter((entry) => !isAddon(entry));
    const addons = Object.entries(wanted.configuration).filter(isAddon);
    const configuration = Object.fromEntries([...others, ...addons]);
    return withInside(before, replica, { revision: { ...revision, configuration } });
  },
};
