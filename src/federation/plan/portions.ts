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
      const all = numberOf(spec.replicas, 1);
      const replicas = spread(all, 'replicas', placement.rebalance);
      return each(({ cluster, object, scaled = false }) => {
        const own = replicas[cluster]!;
        if (scaled === null) return undefined;
        if (scaled && all > 0) {
          // What an autoscaler made of it stays. It makes nothing of nought, so that one at least is to run.
          const now = numberOf(object?.spec?.replicas, 0);
          return { replicas: now || Math.max(1, own), led: true };
        }
        // Where none is to run nothing is made for it, and what is there goes on with none.
        return own === 0 && !object ? undefined : { replicas: own };
      });
    }
    case 'job': {
      const most = numberOf(spec.parallelism, 1);
      const parallelism = spread(most, 'parallelism', false);
      if (typeof spec.completions !== 'number')
        return each(({ cluster, object }) =>
          parallelism[cluster] === 0 && !object ? undefined : { parallelism: parallelism[cluster]! },
        );
      // A Job's completions cannot be changed: what was once promised to a cluster stays with it, also while that is lost.
      const promised = placed.reduce((sum, { object }) => sum + numberOf(object?.spec?.completions, 0), 0);
      const without = there.filter(({ object }) => !object);
      // Nor does another get what may have been promised to one of which nothing is known: it would run twice.
      const isKnown = placed.every(({ known = true }) => known);
      const open = isKnown ? Math.max(0, spec.completions - promised) : 0;
      const left = spread(open, 'completions', false, without);
      return each(({ cluster, object }) => {
        const completions = numberOf(object?.spec?.completions, left[cluster] ?? 0);
        if (completions === 0 && !object) return undefined;
        // Whoever has something to complete has to work at it, unless nobody is to.
        const least = most > 0 && completions > 0 ? 1 : 0;
        return { completions, parallelism: Math.max(parallelism[cluster]!, least) };
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
