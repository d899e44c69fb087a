import type { ClusterSpec } from '../model/spec.ts';
import type { Plan } from './plan.ts';
import type { Step } from './step.ts';

/**
 * Whether a backup goes before a plan, where there are any. `tried`: what is replaced may be why none can be taken, so that stops nothing.
 * `needed`: everybody has to be well for it anyway, and what new programs or keys make of the data may be the reason to want the old.
 */
export type BackupFirst = 'needed' | 'tried' | null;

const MEMBERSHIP: readonly Step['kind'][] = ['add-learner', 'remove-member'];

/** @param steps all of the plan. */
export function backupFirst(
  spec: Pick<ClusterSpec, 'backup' | 'rescue' | 'deleting'>,
  { steps, end }: Pick<Plan, 'steps' | 'end'>,
): BackupFirst {
  const kinds = new Set(steps.map(({ step }) => step.kind));
  if (!spec.backup || spec.rescue || spec.deleting || end.etcd.members.length === 0) return null;
  if (kinds.has('bootstrap-etcd')) return null;
  if (kinds.has('change-release')) return 'needed';
  return MEMBERSHIP.some((kind) => kinds.has(kind)) ? 'tried' : null;
}
