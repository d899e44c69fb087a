import type { Deed } from '../cluster/model/guard.ts';
import { type UsersOfOld, underWay } from '../cluster/plan/rotation.ts';
import { whyOldStore } from '../cluster/plan/rules/old-store.ts';
import { type Status, statusOf } from '../cluster/plan/status.ts';
import type { Environment, OpenCluster } from './operations.ts';
import { askingOf, usersOfOld } from './rotation/old-users.ts';

export interface StatusWithDeeds extends Status {
  /** What a guard did last, the newest last; empty where none is on, or nothing was to be done. */
  readonly guard: readonly Deed[];
}

/** Of a guard's, in a status. */
const LAST_DEEDS = 5;

/** What is, with what a guard did about it. @throws NotFoundError, StoreError */
export async function clusterStatus(env: Environment, cluster: string): Promise<StatusWithDeeds> {
  const look = () =>
    env.looking(cluster, async (open) => {
      const { world } = open;
      const observation = await world.observe();
      const isOld = whyOldStore(world.spec(), observation) !== undefined;
      const unanswered = await world.unanswered();
      const users = unanswered === null ? await allUsersOfOld(env, open) : {};
      const seen = statusOf(world.spec(), observation, env.now(), unanswered, users);
      return { isOld, status: { ...seen, guard: world.guard().deeds.slice(-LAST_DEEDS) } };
    });
  const first = await look();
  // Another haup may have saved its change between the two looks, at the store and at the cluster: then the store is newer now.
  return first.isOld ? (await look()).status : first.status;
}

/** Of all rotations that are under way; of those that could be asked. */
async function allUsersOfOld(env: Environment, open: OpenCluster): Promise<UsersOfOld> {
  const { signal } = env;
  const spec = open.world.spec();
  const usersOf = usersOfOld(askingOf(env, open, spec));
  const found = await Promise.all(
    underWay(spec).map(async (what) => {
      const users = await usersOf(what).catch(() => null);
      signal.throwIfAborted();
      return users === null ? [] : [[what, users] as const];
    }),
  );
  return Object.fromEntries(found.flat());
}
