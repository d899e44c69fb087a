import { openBundle } from '../../backup/bundle.ts';
import { BackupError } from '../../backup/errors.ts';
import { backupKey } from '../../backup/key.ts';
import { type Backup, chosen, listBackups } from '../../backup/list.ts';
import { readRepository } from '../../backup/repository.ts';
import { LISTING_MS, withRestic } from '../../backup/restic.ts';
import { InputError } from '../../cluster/model/errors.ts';
import type { ClusterSpec } from '../../cluster/model/spec.ts';
import { givenUpBy } from '../../cluster/plan/rescue.ts';
import { withCredentials } from '../../cluster/world/backup.ts';
import type { ClusterState } from '../../cluster/world/memory.ts';
import type { Store, Stored } from '../../state/store.ts';
import type { Variables } from '../../util/variables.ts';
import { readCredentials, stateIn } from './backup-parts.ts';

export interface RestoreRequest {
  readonly cluster: string;
  readonly from: string;
  /** A file, whose credentials the cluster's next backups are written with; null: as the environment has them, and as before. */
  readonly credentials: string | null;
  /** Absent: the newest. */
  readonly backup: string | undefined;
}

/**
 * Makes the store's part of a cluster again out of a backup of it, with nothing but the operator's identity. Nothing of the cluster
 * itself is touched.
 * @throws BackupError, InputError where the store has a cluster of this name
 */
export async function restoreStore(
  store: Store<ClusterState>,
  env: { readonly identity: string | null; readonly environment: Variables; readonly signal: AbortSignal },
  { cluster, from, credentials: file, backup: asked }: RestoreRequest,
  dryRun: boolean,
): Promise<Backup> {
  const there = await store.read(cluster);
  const { password } = await backupKey(env.identity, cluster);
  const credentials = file === null ? null : await readCredentials(file);
  const access = { repository: readRepository(from), password, credentials };
  const [backup, sealed] = await withRestic(access, env, async (restic) => {
    const found = chosen(await listBackups(restic), asked);
    const dump = ['--no-lock', 'dump', found.id, '/sealed.age'];
    return [found, await restic(dump, { timeoutMs: LISTING_MS })] as const;
  });
  const bundle = await openBundle(sealed, env.identity);
  const { revision, secrets } = bundle;
  const read = stateIn(bundle);
  if (read.spec.name !== cluster)
    throw new BackupError(
      'refused',
      `the backup ${backup.id} is of the cluster ${read.spec.name}, not of ${cluster}`,
    );
  if (there && !isSame(there, { state: read, revision })) {
    throw new InputError(`the store has a cluster ${cluster}: nothing of it is written over`, {
      advice: { to: 'bring it back from its newest backup', command: 'rescue', cluster },
    });
  }
  if (dryRun || (there && credentials === null)) return backup;
  const lock = await store.lock(cluster, { doing: 'haup restore' });
  try {
    const kept = there ? await store.secrets(cluster).all() : secrets;
    const next = credentials === null ? kept : withCredentials(kept, credentials);
    if (there) {
      for (const [name, text] of Object.entries(next))
        if (text !== kept[name]) await store.secrets(cluster).put(name, text);
    } else {
      const spec = movedTo(afterRescue(read.spec, backup.by), from, next !== kept);
      await store.create(cluster, { ...read, spec }, next, revision);
    }
  } finally {
    await lock.release();
  }
  return backup;
}

/** Put there by a run that was stopped before its rescue had ended: this one goes on. */
function isSame(
  there: Stored<ClusterState>,
  { state, revision }: { readonly state: ClusterState; readonly revision: number },
): boolean {
  const { spec } = there.value;
  return spec.uid === state.spec.uid && (there.revision === revision || spec.rescue !== undefined);
}

/**
 * A backup is taken where a member leads: a rescue that was wished for by then had been done, and its wish is not done again, which would
 * give up what this very backup has. Unless it was taken by one that the rescue was to give up: then the quorum had come back first.
 */
function afterRescue(spec: ClusterSpec, by: string): ClusterSpec {
  const { rescue, ...kept } = spec;
  if (!rescue) return spec;
  const givenUp = givenUpBy(kept);
  return givenUp.includes(by) ? kept : { ...kept, givenUp };
}

/** Where the repository is by now is where the next backups go. Masters are told of that, and of other credentials. */
function movedTo(spec: ClusterSpec, to: string, otherCredentials: boolean): ClusterSpec {
  if (!spec.backup || (spec.backup.to === to && !otherCredentials)) return spec;
  return { ...spec, backup: { ...spec.backup, to, generation: spec.backup.generation + 1 } };
}
