/** How much of something one cluster is to get. */
export interface Preference {
  /** At least so many, as long as there are so many. */
  readonly min: number;
  /** At most so many; null: no limit. */
  readonly max: number | null;
  /** Of what is left after everybody has the least: in proportion to it. Nought: nothing more than the least. */
  readonly weight: number;
}

export interface Distribution {
  readonly replicas: number;
  /** Of the clusters that can be used now, by name. */
  readonly preferences: Readonly<Record<string, Preference>>;
  /** What is where now, by cluster; clusters that have none may be absent. */
  readonly current: Readonly<Record<string, number>>;
  /** What runs stays where it is, as long as the limits let it: only what is new is shared out. */
  readonly rebalance: boolean;
  /** Breaks ties, so that not every object's odd replica goes to the same cluster. */
  readonly key: string;
}

/**
 * How many replicas each cluster gets, with the semantics that federation v1 published for its ReplicaSets and Deployments: first the
 * least that each wants; then, unless it is to be rebalanced, what runs already stays; then the rest by weight, until all have a place or
 * every cluster is full. What runs counts towards the weights, so that what is new goes where the least of its due is. What finds no
 * place because of the limits is left out.
 */
export function distribute(distribution: Distribution): Record<string, number> {
  const { replicas, preferences, current, rebalance, key } = distribution;
  const order = Object.keys(preferences).sort((a, b) => byWeight(preferences, key, a, b));
  const plan: Record<string, number> = Object.fromEntries(order.map((cluster) => [cluster, 0]));
  let left = replicas;
  const give = (cluster: string, wish: number): void => {
    const { max } = preferences[cluster]!;
    const room = max === null ? left : Math.max(0, max - plan[cluster]!);
    const given = Math.max(0, Math.min(wish, left, room));
    plan[cluster] = plan[cluster]! + given;
    left -= given;
  };
  for (const cluster of order) give(cluster, preferences[cluster]!.min);
  /** Of what stays, what no due has been set against yet. */
  const staying: Record<string, number> = {};
  if (!rebalance)
    for (const cluster of order) {
      const least = plan[cluster]!;
      give(cluster, (current[cluster] ?? 0) - least);
      staying[cluster] = plan[cluster]! - least;
    }
  let open = order.filter((cluster) => preferences[cluster]!.weight > 0);
  while (left > 0 && open.length > 0) {
    const round = left;
    const sum = open.reduce((total, cluster) => total + preferences[cluster]!.weight, 0);
    for (const cluster of open) {
      const due = Math.min(left, Math.ceil((round * preferences[cluster]!.weight) / sum));
      const there = Math.min(due, staying[cluster] ?? 0);
      staying[cluster] = (staying[cluster] ?? 0) - there;
      give(cluster, due - there);
    }
    open = open.filter((cluster) => {
      const { max } = preferences[cluster]!;
      return max === null || plan[cluster]! < max;
    });
  }
  return plan;
}

function byWeight(preferences: Distribution['preferences'], key: string, a: string, b: string): number {
  const difference = preferences[b]!.weight - preferences[a]!.weight;
  if (difference !== 0) return difference;
  const [left, right] = [scatter(a + key), scatter(b + key)];
  return left - right || (a < b ? -1 : 1);
}

/** A number that follows from the text and looks like none (FNV-1a, 32 bits). */
function scatter(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}
