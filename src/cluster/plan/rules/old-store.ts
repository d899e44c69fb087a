import type { Observation } from '../../model/observation.ts';
import type { ClusterSpec } from '../../model/spec.ts';
import type { Blocked } from '../decision.ts';
import { type View, view } from '../view.ts';

/**
 * Whether this store is an older copy: the cluster has what this store has never named, or carries a newer revision. Its wishes are of
 * before: healthy machines would be removed by them, and others made again. So it changes nothing.
 */
export function oldStore(v: View): Blocked | undefined {
  const { machines, nodes, etcd, storeRevision } = v.observation;
  const named = new Set(v.spec.usedNames);
  const strangers = [
    ...machines.map(({ name }) => name),
    ...nodes.machines.map(({ name }) => name),
    // A member that never started may have no name of its own.
    ...etcd.members.filter(({ name, id }) => name !== `member-${id}`).map(({ name }) => name),
  ].filter((name) => !named.has(name));
  const newest = machines
    .map(({ name, inside }) => ({ name, revision: inside?.storeRevision ?? 0 }))
    .toSorted((a, b) => b.revision - a.revision)[0];
  const newer = newest !== undefined && newest.revision > storeRevision ? newest : undefined;
  if (strangers.length === 0 && !newer) return undefined;
  const why =
    strangers.length > 0
      ? `it has never named ${[...new Set(strangers)].join(', ')}`
      : `${newer!.name} was last changed by revision ${newer!.revision}, and this is ${storeRevision}`;
  return {
    message: `this store is an older copy of the one that ${v.spec.name} was last changed with: ${why}`,
    advice: [
      `use the newer store (another HAUP_HOME or --store, perhaps on the machine from which ${v.spec.name} was last changed); by this one nothing is changed`,
      ...(v.spec.backup ? [IF_LOST] : []),
    ],
  };
}

/** What the newer store knew is on the masters, sealed, and goes with each backup that they take. */
const IF_LOST =
  'or, if that is lost, put this copy aside and restore one from a newer backup: docs/backup.md says how';

/** {@link oldStore} of what was seen, before anything is planned from it. */
export function whyOldStore(spec: ClusterSpec, observation: Observation): Blocked | undefined {
  return oldStore(view(spec, observation, { revive: false }));
}
