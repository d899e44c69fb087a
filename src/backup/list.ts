import { z } from 'zod';
import { parseJson } from '../util/text/json.ts';
import { understood } from '../util/text/understood.ts';
import { BackupError } from './errors.ts';
import type { Restic } from './restic.ts';

/** One backup, as its tags say. */
export interface Backup {
  /** restic's, the first eight digits. */
  readonly id: string;
  readonly cluster: string;
  /** RFC 3339, when the snapshot was begun: what was written later is not in it. */
  readonly taken: string;
  /** The master that took it. */
  readonly by: string;
  /** Of the snapshot, bytes. */
  readonly size: number;
  /** What etcdutl said of the snapshot when it was taken. */
  readonly etcdRevision: number;
  readonly keys: number;
  readonly hash: number;
  /** Of the store, whose contents are sealed in it. */
  readonly storeRevision: number;
}

/** What haup writes; of a greater one nothing is read. */
const FORMAT = 1;

const snapshotsSchema = z.array(
  z.object({ short_id: z.string().regex(/^[0-9a-f]{8,64}$/), tags: z.array(z.string()).nullish() }).loose(),
);

const tagsSchema = z.object({
  cluster: z.string(),
  taken: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
  by: z.string(),
  size: z.coerce.number(),
  revision: z.coerce.number(),
  keys: z.coerce.number(),
  hash: z.coerce.number(),
  store: z.coerce.number(),
});

/** The backups in a repository, the newest first. @throws BackupError */
export async function listBackups(restic: Restic): Promise<readonly Backup[]> {
  return readSnapshots(await restic(['snapshots', '--json', '--no-lock', '--tag', 'haup']));
}

/** Of what `restic snapshots --json` prints. @throws BackupError `refused` where a newer haup has written it, `damaged` */
export function readSnapshots(json: string): readonly Backup[] {
  const refuse = (how: string) =>
    new BackupError('damaged', `restic's list of backups is in another form than haup knows: ${how}`);
  return understood(snapshotsSchema, parseJson(json), refuse)
    .flatMap(({ short_id: id, tags }) => backupOf(id, tags ?? []) ?? [])
    .toSorted((a, b) => (a.taken < b.taken ? 1 : -1));
}

function backupOf(id: string, tags: readonly string[]): Backup | null {
  const facts = Object.fromEntries(tags.map((tag) => tag.split('=', 2) as [string, string]));
  const format = Number(facts.format);
  if (format > FORMAT)
    throw new BackupError('refused', `the backup ${id} was made by a newer haup`, 'use that haup');
  const read = tagsSchema.safeParse(facts);
  if (!read.success) return null;
  const { cluster, taken, by, size, keys, hash, revision, store } = read.data;
  return { id, cluster, taken, by, size, etcdRevision: revision, keys, hash, storeRevision: store };
}

/** The one of this id, or the newest. @throws BackupError `not-found` */
export function chosen(backups: readonly Backup[], id: string | undefined): Backup {
  const found =
    id === undefined ? backups[0] : backups.find((backup) => backup.id.startsWith(id.slice(0, 8)));
  if (found) return found;
  const [newest] = backups;
  throw new BackupError(
    'not-found',
    id === undefined
      ? 'there is no backup in the repository'
      : `no backup ${JSON.stringify(id)} is in the repository`,
    newest && `the newest is ${newest.id}, of ${newest.taken}`,
  );
}

/**
 * Makes sure of a repository that can be read and written: an empty place becomes one.
 * @throws BackupError before anything is made, where the place is not to be had
 */
export async function openRepository(restic: Restic): Promise<void> {
  try {
    await restic(['cat', 'config', '--no-lock']);
  } catch (error) {
    if (!(error instanceof BackupError) || error.kind !== 'empty') throw error;
    await restic(['init']);
  }
  // Takes a lock, which is a file there: who may not write is found out now.
  await restic(['snapshots', '--json', '--latest', '1']);
}
