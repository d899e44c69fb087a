import { z } from 'zod';
import { isAhead } from '../util/text/clock-difference.ts';
import { parseJson } from '../util/text/json.ts';
import { understood } from '../util/text/understood.ts';
import { BackupError } from './errors.ts';
import { LISTING_MS, type Restic } from './restic.ts';

/** One backup, as its tags say. */
export interface Backup {
  /** restic's, the first eight digits. */
  readonly id: string;
  readonly cluster: string;
  /** Of the cluster, which another one of the same name has not; null in what an older haup has made. */
  readonly uid: string | null;
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
  /** RFC 3339, when it was last restored and read, whole; null: never. */
  readonly verified: string | null;
}

/** On every backup. */
export const BACKUP_TAG = 'haup';
/** On every note that a backup is good. */
export const VERIFIED_TAG = 'haup-verified';

/** What haup writes; of a greater one nothing is read. */
const FORMAT = 1;

const snapshotsSchema = z.array(
  z.object({ short_id: z.string().regex(/^[0-9a-f]{8,64}$/), tags: z.array(z.string()).nullish() }).loose(),
);

const tagsSchema = z.object({
  cluster: z.string(),
  uid: z.string().nullable().default(null),
  taken: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
  by: z.string(),
  size: z.coerce.number(),
  revision: z.coerce.number(),
  keys: z.coerce.number(),
  hash: z.coerce.number(),
  store: z.coerce.number(),
});

const noteSchema = z.object({
  of: z.string().regex(/^[0-9a-f]{8}$/),
  at: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
});

/** The backups in a repository, the newest first. @throws BackupError */
export async function listBackups(restic: Restic): Promise<readonly Backup[]> {
  const tags = [BACKUP_TAG, VERIFIED_TAG].flatMap((tag) => ['--tag', tag]);
  const json = await restic(['snapshots', '--json', '--no-lock', ...tags], { timeoutMs: LISTING_MS });
  return readSnapshots(json);
}

/**
 * Notes in the repository that a backup was restored and read: as one more snapshot, for a backup itself cannot be changed where nobody
 * may delete.
 * @param at RFC 3339. @throws BackupError
 */
export async function noteVerified(restic: Restic, { id, cluster }: Backup, at: string): Promise<void> {
  const what = ['--stdin', '--stdin-filename', 'verified', '--host', cluster];
  const note = ['backup', ...what, '--tag', `${VERIFIED_TAG},of=${id},at=${at}`];
  await restic(note, { input: `${at}\n`, timeoutMs: LISTING_MS });
}

/** Of what `restic snapshots --json` prints. @throws BackupError `refused` where a newer haup has written it, `damaged` */
export function readSnapshots(json: string): readonly Backup[] {
  const refuse = (how: string) =>
    new BackupError('damaged', `restic's list of backups is in another form than haup knows: ${how}`);
  const snapshots = understood(snapshotsSchema, parseJson(json), refuse).map(({ short_id, tags }) => ({
    id: short_id,
    facts: Object.fromEntries((tags ?? []).map((tag) => tag.split('=', 2) as [string, string])),
  }));
  const verified = new Map<string, string>();
  for (const { facts } of snapshots) {
    const { of = '', at = '' } = VERIFIED_TAG in facts ? (noteSchema.safeParse(facts).data ?? {}) : {};
    if (at > (verified.get(of) ?? '')) verified.set(of, at);
  }
  return snapshots
    .flatMap(({ id, facts }) => {
      const backup = backupOf(id, facts);
      return backup ? { ...backup, verified: verified.get(id.slice(0, 8)) ?? null } : [];
    })
    .toSorted((a, b) => (a.taken < b.taken ? 1 : -1));
}

function backupOf(id: string, facts: Readonly<Record<string, string>>): Omit<Backup, 'verified'> | null {
  const format = Number(facts.format);
  if (format > FORMAT)
    throw new BackupError('refused', `the backup ${id} was made by a newer haup`, 'use that haup');
  const read = tagsSchema.safeParse(facts);
  if (!read.success) return null;
  const { revision: etcdRevision, store: storeRevision, ...rest } = read.data;
  return { id, ...rest, etcdRevision, storeRevision };
}

/** What is of this cluster, and not of an older one that had its name. */
export function ownOf(backups: readonly Backup[], uid: string): readonly Backup[] {
  return backups.filter((backup) => backup.uid === null || backup.uid === uid);
}

/**
 * A backup is dated by its master's clock, which may be wrong: the date is believed where it is not of a future, and nothing else shows that
 * another one of the same cluster is newer. Of one that is of a future etcd's own revision alone says so.
 */
function newestOf(backups: readonly Backup[], now: number): Backup | undefined {
  const dated = backups.find(({ taken }) => !isAhead(taken, now)) ?? backups[0];
  if (!dated) return undefined;
  const past = !isAhead(dated.taken, now);
  const newer = backups.filter(
    (backup) =>
      isNewer(backup, dated) ||
      (past && isAhead(backup.taken, now) && backup.uid === dated.uid && isFurther(backup, dated)),
  );
  return furthest(newer) ?? dated;
}

/**
 * Whatever the clocks say. etcd's revision only grows, but for a rescue: a survivor may go on with a smaller one than who was given up had. That
 * rescue is in the store, whose revision grows by it. Neither number alone will do: a master that nobody could reach seals an old store
 * with new data. So where they contradict each other the dates have to be believed.
 */
function isNewer(one: Backup, other: Backup): boolean {
  return isFurther(one, other) && isOfOne(one, other) && one.storeRevision >= other.storeRevision;
}

function isFurther(one: Backup, other: Backup): boolean {
  return one.etcdRevision > other.etcdRevision;
}

/** An older cluster may have had the name, and an older haup noted no uid. */
function isOfOne(one: Backup, other: Backup): boolean {
  return one.uid !== null && one.uid === other.uid;
}

function furthest(backups: readonly Backup[]): Backup | undefined {
  return backups.toSorted((a, b) => b.etcdRevision - a.etcdRevision)[0];
}

/** Who may be newer than the newest, for what etcd says, and may as well be of a history that a rescue gave up; undefined: nobody. */
export function rivalOf(backups: readonly Backup[], newest: Backup): Backup | undefined {
  return furthest(backups.filter((backup) => isFurther(backup, newest) && isOfOne(backup, newest)));
}

/**
 * The one of this id, or the newest.
 * @param uid of the cluster that it has to be of; absent: nobody knows, or it has been looked at.
 * @param now milliseconds since the epoch.
 * @throws BackupError `not-found`, `refused` for one of another cluster
 */
export function chosen(
  backups: readonly Backup[],
  id: string | undefined,
  uid?: string,
  now: number = Date.now(),
): Backup {
  const own = uid === undefined ? backups : ownOf(backups, uid);
  const newest = newestOf(own, now);
  const found = id === undefined ? newest : backups.find((backup) => backup.id.startsWith(id.slice(0, 8)));
  if (found && id !== undefined && !own.includes(found))
    throw new BackupError('refused', `the backup ${found.id} is of another cluster named ${found.cluster}`);
  if (found) return found;
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
  await restic(['snapshots', '--json', '--latest', '1'], { timeoutMs: LISTING_MS });
}
