import { hostname } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { InputError } from '../cluster/model/errors.ts';
import type { ClusterState } from '../cluster/world/memory.ts';
import { BusyError, missingCluster, StoreError } from '../state/errors.ts';
import type { Store, Stored } from '../state/store.ts';

interface Whole extends Stored<ClusterState> {
  readonly secrets: Readonly<Record<string, string>>;
}

/**
 * Moves a cluster to another store, with its revision and its secrets, under both locks: copied, read back, compared, and
 * only then removed here. Stopped anywhere, it is whole in one store or the same in both, and the next move finishes.
 * @returns whether there was anything to copy; false: an interrupted move had copied it.
 * @throws StoreError `missing` `exists`
 */
export async function moveCluster(
  from: Store<ClusterState>,
  to: Store<ClusterState>,
  cluster: string,
  dryRun: boolean,
): Promise<boolean> {
  if (dryRun) return (await compare(from, to, cluster)).there === null;
  const locks = [];
  try {
    const doing = 'haup store move';
    locks.push(await from.lock(cluster, { doing }));
    locks.push(
      await to.lock(cluster, { doing }).catch((error: unknown) => {
        throw isOwnLock(error) ? sameStore(cluster) : error;
      }),
    );
    const { here, there } = await compare(from, to, cluster);
    if (there === null) await to.create(cluster, here.value, here.secrets, here.revision);
    await compare(from, to, cluster); // as it was written, read back
    await from.remove(cluster);
    return there === null;
  } finally {
    for (const lock of locks.reverse()) await lock.release();
  }
}

/** The other store is this one by another name (a link, a second mount): its lock is our own. */
function isOwnLock(error: unknown): boolean {
  const holder = error instanceof BusyError ? error.holder : null;
  return holder?.pid === process.pid && holder.host === hostname();
}

function sameStore(cluster: string): InputError {
  return new InputError(`${cluster} is in that store already: it is this one by another name`);
}

/** @throws StoreError where the other store has a cluster of this name that is not the same. */
async function compare(
  from: Store<ClusterState>,
  to: Store<ClusterState>,
  cluster: string,
): Promise<{ readonly here: Whole; readonly there: Whole | null }> {
  const [here, there] = [await readWhole(from, cluster), await readWhole(to, cluster)];
  if (here === null) throw missingCluster(cluster);
  if (there === null || isDeepStrictEqual(here, there)) return { here, there };
  const same = here.value.spec.uid === there.value.spec.uid;
  throw new StoreError(
    'exists',
    same
      ? `both stores have cluster ${cluster}, at revisions ${here.revision} and ${there.revision}, and they differ`
      : `the other store has another cluster ${cluster}`,
    same
      ? 'the one with the greater revision is in use: move the other one away'
      : 'move it to a place of its own: another prefix or folder',
  );
}

async function readWhole(store: Store<ClusterState>, cluster: string): Promise<Whole | null> {
  const stored = await store.read(cluster);
  return stored && { ...stored, secrets: await store.secrets(cluster).all() };
}
