import type { Flags } from './units/unit.ts';

/**
 * What differs between the releases that haup runs. All else in `units/` is the same for Kubernetes 1.34 to 1.37 and
 * etcd 3.6 and 3.7: those flags exist, and mean the same, in each of them.
 */

/** The minor version: 37 of `v1.37.1`. */
export function minor(version: string): number {
  const found = /^v\d+\.(\d+)\./.exec(version);
  if (!found) throw new Error(`not a version: ${version}`);
  return Number(found[1]);
}

/** Flags that got their present name in etcd 3.6. */
export function etcdVersionFlags(version: string): Flags {
  if (minor(version) < 6) {
    return {
      'experimental-initial-corrupt-check': true,
      'experimental-watch-progress-notify-interval': '5s',
      'experimental-max-learners': 2,
    };
  }
  return {
    // A member whose data differs from its peers' does not join them (etcd's own advice since 3.5.3).
    'feature-gates': 'InitialCorruptCheck=true',
    // Lets API servers answer consistent reads from their watch caches without waiting for the next write.
    'watch-progress-notify-interval': '5s',
    // Both newcomers of 1→3 catch up before either is promoted.
    'max-learners': 2,
  };
}
