import type { Kind } from '../model/kinds.ts';
import { type ApiObject, nameOf } from '../model/object.ts';
import type { Sight } from '../model/sight.ts';
import { covers } from './covers.ts';
import { formDigest, formOf, type Identity, isOurs } from './form.ts';
import { placementOf, preferenceOf } from './placement.ts';
import { portionsOf } from './portions.ts';
import { statusOf } from './status.ts';

export type Act =
  | { readonly do: 'apply'; readonly cluster: string; readonly object: ApiObject }
  | { readonly do: 'delete'; readonly cluster: string; readonly uid: string };

export interface Decision {
  /** Each in another cluster. */
  readonly acts: readonly Act[];
  /** What the federated object's status should have; null: nothing, or nobody knows. */
  readonly status: Readonly<Record<string, unknown>> | null;
  /** In words, why nothing can be decided. */
  readonly problem: string | null;
}

const NOTHING: Decision = { acts: [], status: null, problem: null };

/**
 * What is to be done about one object, in every member at once. `wanted`: the federated object; null: there is none (any more), which
 * must be certain. Pure; called again whenever anything that it looks at has changed.
 */
export function next(
  kind: Kind,
  wanted: ApiObject | null,
  sights: readonly Sight[],
  identity: Identity,
): Decision {
  if (wanted === null) return { ...NOTHING, acts: sights.flatMap((sight) => removal(sight, identity)) };
  // The federation's API server is about to delete it; what comes of that is not known yet.
  if (wanted.metadata.deletionTimestamp !== undefined) return NOTHING;
  const placement = placementOf(wanted);
  if (typeof placement === 'string') return { ...NOTHING, problem: placement };
  const placed = sights.filter(({ cluster }) => preferenceOf(placement, cluster) !== null);
  const portions = portionsOf(kind.share, wanted, placed, placement);
  const acts = sights.flatMap((sight): Act[] => {
    if (sight.state !== 'ready') return [];
    const portion = portions[sight.cluster];
    if (!placed.includes(sight) || portion === null) return removal(sight, identity);
    if (portion === undefined || !sight.namespace) return [];
    const object = formOf(kind, wanted, portion, identity);
    return isThere(sight, object) ? [] : [{ do: 'apply', cluster: sight.cluster, object }];
  });
  return { acts, status: statusOf(kind, wanted, placed, acts.length === 0), problem: null };
}

function removal({ cluster, state, object }: Sight, identity: Identity): Act[] {
  const uid = object?.metadata.uid;
  if (state !== 'ready' || !object || uid === undefined || !isOurs(object, identity)) return [];
  return object.metadata.deletionTimestamp === undefined ? [{ do: 'delete', cluster, uid }] : [];
}

function isThere({ object, applied }: Sight, wanted: ApiObject): boolean {
  if (!object) return false;
  // What is on its way out cannot be mended; once it is gone it is made again.
  if (object.metadata.deletionTimestamp !== undefined) return true;
  const digest = formDigest(wanted)!;
  if (formDigest(object) === digest && covers(object, wanted)) return true;
  // Something in the member changes what is applied: once more would end the same, until somebody changes it again.
  return applied?.digest === digest && applied.resourceVersion === object.metadata.resourceVersion;
}

/** For messages: `Deployment web/nginx`. */
export function called(kind: Kind, object: Pick<ApiObject, 'metadata'>): string {
  return `${kind.kind} ${nameOf(object)}`;
}
