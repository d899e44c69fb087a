import { join } from 'node:path';
import { type Backup, chosen, listBackups, ownOf, rivalOf } from '../../backup/list.ts';
import { prune } from '../../backup/prune.ts';
import { readRepository } from '../../backup/repository.ts';
import { type Restic, withRestic } from '../../backup/restic.ts';
import { InputError } from '../../cluster/model/errors.ts';
import { repositoryAccess } from '../../cluster/world/backup.ts';
import { shellQuote } from '../../ssh/quote.ts';
import { type ChangeOutcome, changed, type Environment, type OpenCluster } from '../operations.ts';
import {
  type BackupWish,
  backedUp,
  preparedBackups,
  readCredentials,
  type TakenBackup,
  takeNow,
  withBackups,
} from './backup-parts.ts';

const ASK_MS = 20_000;

export function enableBackups(
  env: Environment,
  cluster: string,
  wish: BackupWish,
  dryRun: boolean,
): Promise<ChangeOutcome> {
  return env.locked(cluster, 'backup enable', async (open) => {
    const repository = readRepository(wish.to);
    const { address } = repository;
    if (repository.kind === 'folder') await expectOnMasters(open, address, address);
    const secrets = await preparedBackups(env, cluster, wish, dryRun);
    if (repository.kind === 'folder' && !dryRun)
      await expectOnMasters(open, address, join(address, 'config'));
    const remember = async () => {
      for (const [name, text] of Object.entries(secrets)) await open.secrets.put(name, text);
    };
    return changed(env, open, (spec) => withBackups(spec, wish), { dryRun, remember });
  });
}

/**
 * A folder has to be one that every master has, in the same place. Who cannot be asked is not.
 * @throws InputError before anything is changed
 */
async function expectOnMasters({ world }: OpenCluster, folder: string, path: string): Promise<void> {
  const lacking = await Promise.all(
    world.spec().replicas.map(async ({ name }) => {
      const test = `[ -e ${shellQuote(path)} ]`;
      const asked = await world.session(name, ASK_MS).then(
        (session) => session.exec(test),
        () => null,
      );
      return asked && asked.code !== 0 ? [name] : [];
    }),
  );
  const [name] = lacking.flat();
  if (name === undefined) return;
  throw new InputError(
    `${name} does not have the folder ${folder} of this machine: masters write their backups there themselves`,
    {
      advice:
        'mount the same network file system in this place here and on every master, or name a bucket or a REST server',
    },
  );
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

export interface PruneRequest {
  /** A file with credentials that may delete; null: with what masters write with, which need not be able to. */
  readonly credentials: string | null;
  readonly dryRun: boolean;
}

/** Removes what is not to be kept any more. @returns how many backups are left. */
export async function pruneBackups(
  env: Pick<Environment, 'looking' | 'environment' | 'signal' | 'now'>,
  cluster: string,
  { credentials: file, dryRun }: PruneRequest,
): Promise<number> {
  const work = async (restic: Restic, { uid, backup: { keep } }: BackedUp): Promise<number> => {
    const own = ownOf(await listBackups(restic), uid);
    await prune(restic, keep, neededMost(own, env.now()), dryRun, env.signal);
    return (await listBackups(restic)).length;
  };
  const credentials = file === null ? null : await readCredentials(file);
  return withRepository(env, cluster, work, credentials);
}

/** What a rescue would restore, and what may be newer than that: where masters' clocks are wrong it may be old by its date. */
function neededMost(own: readonly Backup[], now: number): readonly Backup[] {
  if (own.length === 0) return [];
  const newest = chosen(own, undefined, undefined, now);
  const rival = rivalOf(own, newest);
  return rival ? [newest, rival] : [newest];
}

type BackedUp = ReturnType<typeof backedUp>;

function withRepository<T>(
  env: Pick<Environment, 'looking' | 'environment' | 'signal'>,
  cluster: string,
  work: (restic: Restic, spec: BackedUp) => Promise<T>,
  credentials: string | null = null,
): Promise<T> {
  return env.looking(cluster, async ({ world, secrets }) => {
    const spec = backedUp(world.spec());
    const access = await repositoryAccess(spec, secrets);
    const opened = credentials === null ? access : { ...access, credentials };
    return withRestic(opened, env, (restic) => work(restic, spec));
  });
}
