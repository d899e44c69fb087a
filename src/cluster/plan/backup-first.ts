import type { ClusterSpec } from '../model/spec.ts';
import type { BackupFirst, Plan } from './plan.ts';
import type { Step } from './step.ts';

const MEMBERSHIP: readonly Step['kind'][] = ['add-learner', 'remove-member'];

/** See {@link BackupFirst}. `backup`: before the plan; `rescue`: what the plan is to do. */
export function backupFirst(
  spec: Pick<ClusterSpec, 'backup' | 'rescue'>,
  { steps }: Pick<Plan, 'steps'>,
): BackupFirst {
  const kinds = new Set(steps.map(({ step }) => step.kind));
  // Of a quorum that is given up nothing can be had.
  if (!spec.backup || spec.rescue) return null;
  if (kinds.has('bootstrap-etcd')) return null;
  if (kinds.has('change-release')) return 'needed';
  return MEMBERSHIP.some((kind) => kinds.has(kind)) ? 'tried' : null;
}
