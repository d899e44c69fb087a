import { type Backup, listBackups, ownOf } from '../backup/list.ts';
import { prune } from '../backup/prune.ts';
import { type Restic, withRestic } from '../backup/restic.ts';
import type { BackupSpec, ClusterSpec } from '../cluster/model/spec.ts';
import { repositoryAccess } from '../cluster/world/backup.ts';
import {
  type BackupWish,
  backedUp,
  preparedBackups,
  type TakenBackup,
  takeNow,
  withBackups,
} from './backup-parts.ts';
import { type ChangeOutcome, changed, type Environment } from './operations.ts';

export function enableBackups(
  env: Environment,
  cluster: string,
  wish: BackupWish,
  dryRun: boolean,
): Promise<ChangeOutcome> {
  return env.locked(cluster, 'backup enable', async (open) => {
    const secrets = await preparedBackups(env, cluster, wish, dryRun);
    const change = async (spec: ClusterSpec) => {
      if (!dryRun) for (const [name, text] of Object.entries(secrets)) await open.secrets.put(name, text);
      return withBackups(spec, wish);
    };
    return changed(env, open, change, { dryRun });
  });
}

export function disableBackups(env: Environment, cluster: string, dryRun: boolean): Promise<ChangeOutcome> {
  return env.locked(cluster, 'backup disable', (open) =>
    changed(env, open, ({ backup: _, ...spec }) => spec, { dryRun }),
  );
}

/** Takes one now, where etcd leads. */
export function createBackup(env: Environment, cluster: string): Promise<TakenBackup> {
  return env.looking(cluster, ({ world }) => takeNow(env, world));
}

export function backupsOf(env: Environment, cluster: string): Promise<readonly Backup[]> {
  return withRepository(env, cluster, async (restic, { uid }) => ownOf(await listBackups(restic), uid));
}

/** Removes what is not to be kept any more. @returns how many backups are left. */
export function pruneBackups(env: Environment, cluster: string, dryRun: boolean): Promise<number> {
  return withRepository(env, cluster, async (restic, { backup: { keep } }) => {
    await prune(restic, keep, dryRun, env.signal);
    return (await listBackups(restic)).length;
  });
}

function withRepository<T>(
  env: Environment,
  cluster: string,
  work: (restic: Restic, spec: ClusterSpec & { readonly backup: BackupSpec }) => Promise<T>,
): Promise<T> {
  return env.looking(cluster, async ({ world, secrets }) => {
    const spec = backedUp(world.spec());
    const access = await repositoryAccess(spec, secrets);
    return withRestic(access, env, (restic) => work(restic, spec));
  });
}
