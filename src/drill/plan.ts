import { type Blow, cutsPower, type Wound } from '../cluster/model/drill.ts';
import type { Observation } from '../cluster/model/observation.ts';
import type { Standing } from '../cluster/plan/standing.ts';
import { type ActName, acts, woundsOf } from './acts.ts';
import { survives } from './survives.ts';

/** What can be done to this cluster's machines, by its provider. */
export interface Means {
  readonly provider: string;
  readonly power: boolean;
  /** Freezer, network cable. */
  readonly machines: boolean;
  readonly balancer: boolean;
}

export interface PlannedAct {
  readonly act: ActName;
  readonly wounds: readonly Wound[];
  readonly before: Standing;
  readonly during: Standing;
  /** Why it is not done; null: it is. */
  readonly refused: string | null;
}

/** One act on the cluster as it is: whom it would hit, and the proof that the cluster goes on, or why not. Pure. */
export function planAct(name: ActName, observation: Observation, means: Means): PlannedAct {
  const act = acts[name];
  const wounds = woundsOf(act, observation);
  const before = survives(observation, []).after;
  const { after: during, reason } = survives(observation, wounds);
  return { act: name, wounds, before, during, refused: cannot(name, wounds, means) ?? reason };
}

/** All of them, each on the cluster as it is now: it is made well between two of them. Pure. */
export function planDrill(
  names: readonly ActName[],
  observation: Observation,
  means: Means,
): readonly PlannedAct[] {
  return names.map((name) => planAct(name, observation, means));
}

function cannot(name: ActName, wounds: readonly Wound[], means: Means): string | null {
  const { blow } = acts[name];
  if (!isAble(blow, means)) return `haup cannot do this on ${means.provider} yet`;
  return wounds.length > 0 ? null : 'there is nobody to do it to';
}

function isAble(blow: Blow, { power, machines, balancer }: Means): boolean {
  if (blow === 'kill-api-server') return true;
  if (blow === 'kill-balancer') return balancer;
  return cutsPower(blow) ? power : machines;
}
