import type { Share } from '../model/kinds.ts';
import { type ApiObject, nameOf, numberOf } from '../model/object.ts';
import type { Sight } from '../model/sight.ts';
import type { Portion } from './form.ts';
import { type Placement, preferenceOf } from './placement.ts';
import { distribute, type Preference } from './replicas.ts';

/** By cluster. `null`: it gets nothing, and what it has goes. Absent: what it has stays, and where there is nothing nothing is made. */
export type Portions = Readonly<Record<string, Portion | null>>;

/**
 * How an object is shared out among the clusters that it is placed in. Those that are lost count for nothing, so that what they had goes
 * to the others; as long as one is unseen, nothing is counted out.
 */
export function portionsOf(
  share: Share,
  wanted: ApiObject,
  placed: readonly Sight[],
  placement: Placement,
): Portions {
  const there = placed.filter(({ state }) => state !== 'lost');
  // Nobody knows what that one has: whatever is counted out now could be too much or too little in ten seconds.
  if (share !== 'whole' && placed.some(({ state }) => state === 'unseen')) return {};
  const spread = (replicas: number, field: string, rebalance: boolean, among = there) =>
    distribute({
      replicas,
      preferences: Object.fromEntries(
        among.map(({ cluster }) => [cluster, preferenceOf(placement, cluster) as Preference]),
      ),
      current: Object.fromEntries(
        among.map(({ cluster, object }) => [cluster, numberOf(object?.spec?.[field], 0)]),
      ),
      rebalance,
      key: nameOf(wanted),
    });
  const each = (portion: (sight: Sight) => Portion | null | undefined): Portions =>
    Object.fromEntries(
      there.flatMap((sight) => {
        const one = portion(sight);
        return one === undefined ? [] : [[sight.cluster, one]];
      }),
    );
  const { spec = {} } = wanted;
  switch (share) {
    case 'whole':
      return each(() => ({}));
    case 'replicas': {
      const replicas = spread(numberOf(spec.replicas, 1), 'replicas', placement.rebalance);
      // Where none is to run nothing is made for it, and what is there goes on with none.
      return each(({ cluster, object }) =>
        replicas[cluster] === 0 && !object ? undefined : { replicas: replicas[cluster]! },
      );
    }
    case 'job': {
      const parallelism = spread(numberOf(spec.parallelism, 1), 'parallelism', false);
      if (typeof spec.completions !== 'number')
        return each(({ cluster, object }) =>
          parallelism[cluster] === 0 && !object ? undefined : { parallelism: parallelism[cluster]! },
        );
      // A Job's completions cannot be changed: what was once promised to a cluster stays with it.
      const completions = spread(spec.completions, 'completions', false);
      return each(({ cluster, object }) => {
        const kept = numberOf(object?.spec?.completions, completions[cluster]!);
        if (kept === 0 && !object) return undefined;
        return { completions: kept, parallelism: Math.max(parallelism[cluster]!, object ? 0 : 1) };
      });
    }
    case 'autoscaler': {
      const most = spread(numberOf(spec.maxReplicas, 1), 'maxReplicas', placement.rebalance);
      const some = there.filter(({ cluster }) => most[cluster]! > 0);
      const least = spread(numberOf(spec.minReplicas, 1), 'minReplicas', placement.rebalance, some);
      return each(({ cluster }) => {
        const maxReplicas = most[cluster]!;
        // Kubernetes knows no autoscaler of nothing: the least that each cluster keeps is one.
        const minReplicas = Math.min(maxReplicas, Math.max(1, least[cluster] ?? 0));
        return maxReplicas === 0 ? null : { minReplicas, maxReplicas };
      });
    }
  }
}
