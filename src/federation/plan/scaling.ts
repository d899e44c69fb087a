import type { KindName } from '../model/kinds.ts';
import { type ApiObject, fieldsOf, nameOf } from '../model/object.ts';

/** Kinds whose replicas an autoscaler may lead. */
export const SCALED: readonly KindName[] = ['Deployment', 'ReplicaSet'];

/** What an autoscaler leads: `Deployment web/nginx`. Null: nothing that a federation keeps. */
export function ledBy({ metadata, spec }: ApiObject): string | null {
  const { kind, name } = fieldsOf(spec?.scaleTargetRef);
  const isKept = SCALED.some((scaled) => scaled === kind) && typeof name === 'string';
  return isKept ? `${kind} ${nameOf({ metadata: { ...metadata, name } })}` : null;
}
