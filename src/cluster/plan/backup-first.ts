import type { ClusterSpec } from '../model/spec.ts';
import type { BackupFirst, Plan } from './plan.ts';
import type { Step } from './step.ts';

const MEMBERSHIP: readonly Step['kind'][] = ['add-learner', 'remove-member'];

/** See {@link BackupFirst}. */
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
