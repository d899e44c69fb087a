import { z } from 'zod';
import { writeBundle } from '../../backup/bundle.ts';
import { seal } from '../../backup/key.ts';
import { readRepository } from '../../backup/repository.ts';
import { type Access, resticEnvironment } from '../../backup/restic.ts';
import { type BackupSetUp, putSealed, type Sealed } from '../../replicas/backup/set-up.ts';
import type { Secrets } from '../../state/store.ts';
import type { Observation } from '../model/observation.ts';
import type { ClusterSpec } from '../model/spec.ts';
import type { Sessions } from './machines/sessions.ts';
import type { ClusterMemory } from './memory.ts';
import { readStoredSecret } from './stored-secret.ts';

const secretSchema = z.object({
  password: z.string().min(1),
  /** Whom the cluster's keys are sealed for. */
  recipient: z.string().min(1),
  credentials: z.string().nullable(),
});

/** What the store keeps of a cluster's backups besides the spec. */
export type BackupSecret = Readonly<z.infer<typeof secretSchema>>;

const SECRET = 'backup';

interface Parts {
  readonly memory: Pick<ClusterMemory, 'spec' | 'state' | 'revision'>;
  readonly secrets: Secrets;
}

/** As a cluster's secrets have it: by name. */
export function backupSecrets(secret: BackupSecret): Readonly<Record<string, string>> {
  return { [SECRET]: JSON.stringify(secret) };
}

/** A cluster's secrets with other credentials for its backups; the same ones where it has those, or no backups. */
export function withCredentials(
  secrets: Readonly<Record<string, string>>,
  credentials: string,
): Readonly<Record<string, string>> {
  const kept = secrets[SECRET];
  if (kept === undefined) return secrets;
  const secret = readStoredSecret(SECRET, kept, secretSchema);
  return secret.credentials === credentials
    ? secrets
    : { ...secrets, ...backupSecrets({ ...secret, credentials }) };
}

/** @throws Error where the cluster has no backups. */
async function backupSecret(secrets: Pick<Secrets, 'get'>): Promise<BackupSecret> {
  const kept = await secrets.get(SECRET);
  if (kept === null) throw new Error('the store has no key for backups');
  return readStoredSecret(SECRET, kept, secretSchema);
}

/** With which the operator's restic opens the cluster's repository. */
export async function repositoryAccess(
  { backup }: Pick<ClusterSpec, 'backup'>,
  secrets: Pick<Secrets, 'get'>,
): Promise<Access> {
  const { password, credentials } = await backupSecret(secrets);
  return { repository: readRepository(backup!.to), password, credentials };
}

async function sealedNow({ memory, secrets }: Parts): Promise<Sealed> {
  const { recipient } = await backupSecret(secrets);
  const { state, revision } = memory;
  return {
    text: await seal(writeBundle({ revision, state, secrets: await secrets.all() }), recipient),
    revision,
  };
}

/** All that a master is told about backups. */
export async function backupSetUp(t: Parts): Promise<BackupSetUp> {
  const { name, uid, backup } = t.memory.spec;
  const { repository, password, credentials } = await repositoryAccess(t.memory.spec, t.secrets);
  return {
    cluster: name,
    uid,
    generation: backup!.generation,
    everySeconds: backup!.everySeconds,
    environment: resticEnvironment(repository, (file) => `%d/${file}`, credentials !== null),
    secrets: {
      repository: repository.address,
      password,
      ...(credentials === null ? {} : { credentials }),
    },
    folder: repository.kind === 'folder' ? repository.address : null,
    sealed: await sealedNow(t),
  };
}

/**
 * Gives the masters what the store has of the cluster now, sealed, to go with every backup. One that cannot be told now is told at the
 * next change; the others know.
 * @throws the signal's reason when aborted.
 */
export async function sealOnMachines(
  { machines }: Pick<Observation, 'machines'>,
  t: Parts & { readonly sessions: Pick<Sessions, 'session'>; readonly signal: AbortSignal },
): Promise<void> {
  const { signal } = t;
  const told = machines.filter(({ inside }) => inside?.backup);
  if (!t.memory.spec.backup || told.length === 0) return;
  const sealed = await sealedNow(t);
  await Promise.allSettled(
    told.map(async ({ name }) => putSealed(await t.sessions.session(name), sealed, { signal })),
  );
  signal.throwIfAborted();
}
