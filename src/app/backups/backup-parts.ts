import { readFile } from 'node:fs/promises';
import type { Bundle } from '../../backup/bundle.ts';
import { BackupError } from '../../backup/errors.ts';
import { backupKey } from '../../backup/key.ts';
import { openRepository } from '../../backup/list.ts';
import { readRepository } from '../../backup/repository.ts';
import { withRestic } from '../../backup/restic.ts';
import type { Emit } from '../../cluster/loop/events.ts';
import { InputError, Refusal, StepError } from '../../cluster/model/errors.ts';
import type { BackupSpec, ClusterSpec } from '../../cluster/model/spec.ts';
import { type BackupSecret, backupSecrets } from '../../cluster/world/backup.ts';
import { type ClusterState, clusterStateSchema } from '../../cluster/world/memory.ts';
import type { RealWorld } from '../../cluster/world/world.ts';
import { takeBackup } from '../../replicas/backup/take.ts';
import { messageOf } from '../../util/failure.ts';
import type { Variables } from '../../util/variables.ts';

/** What every change of a cluster needs of its backups. */

/** What somebody wants of backups. */
export interface BackupWish extends Omit<BackupSpec, 'generation'> {
  /** A file with credentials as the repository's kind wants them; null: machines and operator have their own. */
  readonly credentials: string | null;
}

/** A backup that was just taken. */
export interface TakenBackup {
  readonly id: string;
  readonly by: string;
  readonly taken: string;
  readonly size: number;
  readonly added: string;
}

interface Surroundings {
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly environment: Variables;
}

const SESSION_MS = 20_000;

/**
 * Makes sure that backups can be kept where they are wished, before anything of the cluster is changed.
 * @returns what the cluster's secrets have to hold for it, by name.
 * @throws BackupError
 */
export async function preparedBackups(
  env: Omit<Surroundings, 'emit'> & { readonly identity: string | null },
  cluster: string,
  { to, credentials }: BackupWish,
  dryRun: boolean,
): Promise<Readonly<Record<string, string>>> {
  const repository = readRepository(to);
  const key = await backupKey(env.identity, cluster);
  const secret: BackupSecret = {
    ...key,
    credentials: credentials === null ? null : await readCredentials(credentials),
  };
  if (!dryRun) await withRestic({ repository, ...secret }, env, openRepository);
  return backupSecrets(secret);
}

/** Without a generation, as a wish has none. */
export function withBackups(spec: ClusterSpec, { to, everySeconds, keep }: BackupWish): ClusterSpec {
  const generation = (spec.backup?.generation ?? 0) + 1;
  return { ...spec, backup: { to, everySeconds, keep, generation } };
}

/** Takes one now, where etcd leads. @throws ReplicaError, SshError, StepError */
export async function takeNow(
  env: Surroundings,
  world: Pick<RealWorld, 'spec' | 'observe' | 'session'>,
): Promise<TakenBackup> {
  const spec = backedUp(world.spec());
  const { etcd } = await world.observe();
  const leader = etcd.members.find((member) => member.leader);
  if (!etcd.readable || !leader) {
    throw new StepError('take a backup', new Error('no member of etcd can be asked that leads'), {
      to: 'see why',
      command: 'status',
      cluster: spec.name,
    });
  }
  const topic = 'backup';
  const progress = (message: string) =>
    env.emit({ type: 'progress', topic, message: `${leader.name}: ${message}` });
  const last = await takeBackup(await world.session(leader.name, SESSION_MS), {
    signal: env.signal,
    progress,
  });
  const { id, taken, size, added } = last;
  return { id, taken, size, added, by: leader.name };
}

/**
 * A backup of what is, before it changes (plan/backup-first.ts says before what).
 * @throws Refusal where it is needed and none can be taken; otherwise that is said, and stops nothing.
 */
export async function backUpFirst(
  env: Surroundings,
  world: Parameters<typeof takeNow>[1],
  needed: boolean,
): Promise<void> {
  try {
    const { id, by } = await takeNow(env, world);
    env.emit({ type: 'progress', topic: 'backup', message: `${by}: took the backup ${id} first` });
  } catch (error) {
    env.signal.throwIfAborted();
    const message = `no backup was taken before the change: ${messageOf(error)}`;
    if (needed) {
      throw new Refusal(`${message}; nothing was changed`, [
        { to: 'see what is wrong', command: 'status', cluster: world.spec().name },
        { to: 'or go on without one', setting: 'withoutBackup' },
      ]);
    }
    env.emit({ type: 'warning', message });
  }
}

export function backedUp(spec: ClusterSpec): ClusterSpec & { readonly backup: BackupSpec } {
  if (spec.backup) return { ...spec, backup: spec.backup };
  throw new InputError(`${spec.name} has no backups`, {
    advice: { to: 'have some', command: 'backup enable', cluster: spec.name },
  });
}

/** What the store had of the cluster. @throws BackupError where a newer haup has put it there */
export function stateIn({ state }: Bundle): ClusterState {
  const read = clusterStateSchema.safeParse(state);
  if (read.success) return read.data;
  throw new BackupError(
    'refused',
    'what the store had of the cluster is as no haup up to this one writes it',
    'use a newer haup',
    {
      cause: read.error,
    },
  );
}

export async function readCredentials(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new InputError(`the credentials for backups cannot be read: ${messageOf(cause)}`, { cause });
  }
}
