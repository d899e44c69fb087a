/** Votes needed to commit anything among `voters` voting members: a strict majority (etcd FAQ, "What is failure tolerance?"). */
export function quorum(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/** How many more healthy voters may fail before nothing can be committed; 0 when that is so already. */
export function failuresTolerated(voters: number, healthy: number): number {
  return Math.max(0, healthy - quorum(voters));
}

export interface MembershipChange {
  readonly votersBefore: number;
  readonly healthyBefore: number;
  readonly votersAfter: number;
  readonly healthyAfter: number;
}

/**
 * A change of membership is committed by the members before it, and must leave a quorum among the members after it.
 * Without the first it never completes (the removal of the dead one of two hangs), without the second nothing after it does.
 */
export function canChange(change: MembershipChange): boolean {
  return (
    change.healthyBefore >= quorum(change.votersBefore) &&
    change.votersAfter > 0 &&
    change.healthyAfter >= quorum(change.votersAfter)
  );
}
