import { PLACEMENT_ANNOTATION } from '../model/names.ts';
import { type ApiObject, type Fields, isFields } from '../model/object.ts';
import type { Preference } from './replicas.ts';

/** Which clusters get an object, and how much of it. */
export interface Placement {
  /** By cluster; `*` is every other. */
  readonly clusters: Readonly<Record<string, Preference>>;
  readonly rebalance: boolean;
}

/** As federation v1 called them; their form is the same. */
const V1_ANNOTATIONS = ['deployment', 'replica-set', 'job', 'hpa'].map(
  (kind) => `federation.kubernetes.io/${kind}-preferences`,
);

const EVERYWHERE: Placement = { clusters: { '*': { min: 0, max: null, weight: 1 } }, rebalance: false };

/**
 * Reads where an object is to go; without a word on it, everywhere and evenly. In words what is wrong with what it says.
 *
 *     {"rebalance": true, "clusters": {"*": {"weight": 1}, "eu": {"minReplicas": 2, "maxReplicas": 9, "weight": 3}}}
 */
export function placementOf({
  metadata: { annotations = {} },
}: Pick<ApiObject, 'metadata'>): Placement | string {
  const name = [PLACEMENT_ANNOTATION, ...V1_ANNOTATIONS].find((each) => annotations[each] !== undefined);
  if (name === undefined) return EVERYWHERE;
  let given: unknown;
  try {
    given = JSON.parse(annotations[name]!);
  } catch {
    return `the annotation ${name} is not JSON`;
  }
  if (!isFields(given)) return `the annotation ${name} must be an object with "clusters" in it`;
  const { clusters, rebalance = false, ...more } = given;
  const [unknown] = Object.keys(more);
  if (unknown !== undefined) return `the annotation ${name} has "${unknown}", which means nothing here`;
  if (typeof rebalance !== 'boolean') return `"rebalance" in the annotation ${name} must be true or false`;
  if (clusters === undefined) return { ...EVERYWHERE, rebalance };
  if (!isFields(clusters))
    return `"clusters" in the annotation ${name} must be an object: a preference for each cluster`;
  const read: Record<string, Preference> = {};
  for (const [cluster, preference] of Object.entries(clusters)) {
    const one = readPreference(preference);
    if (typeof one === 'string') return `"${cluster}" in the annotation ${name}: ${one}`;
    read[cluster] = one;
  }
  return { clusters: read, rebalance };
}

function readPreference(given: unknown): Preference | string {
  if (!isFields(given)) return 'must be an object, {} at least';
  const { minReplicas: min = 0, maxReplicas: max = null, weight = null, ...more } = given as Fields;
  const [unknown] = Object.keys(more);
  if (unknown !== undefined) return `there is no "${unknown}", only minReplicas, maxReplicas and weight`;
  if (!isCount(min)) return 'minReplicas must be a whole number, 0 or more';
  if (max !== null && !isCount(max)) return 'maxReplicas must be a whole number, 0 or more';
  if (weight !== null && !isCount(weight)) return 'weight must be a whole number, 0 or more';
  if (max !== null && max < min) return 'maxReplicas is less than minReplicas';
  // Without any number it is a place like all others.
  const bare = Object.keys(given).length === 0;
  return { min, max, weight: weight ?? (bare ? 1 : 0) };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 1_000_000;
}

/** What a cluster is to get; null: nothing, it is not named. */
export function preferenceOf({ clusters }: Placement, cluster: string): Preference | null {
  return clusters[cluster] ?? clusters['*'] ?? null;
}
