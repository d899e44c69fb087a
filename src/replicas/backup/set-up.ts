import { shellScript } from '../../ssh/script.ts';
import type { Session } from '../../ssh/session.ts';
import { type ArchivedFile, archive } from '../../util/host/archive.ts';
import { paths, pkiFolder } from '../paths.ts';
import { users } from '../provision/users.ts';
import { type BackupUnits, backupService, backupTimer } from '../units/backup.ts';
import { ETCD_CLIENT_URL } from '../units/etcd.ts';
import type { Waiting } from '../waiting.ts';
import { backupPaths } from './paths.ts';

/** Where a package has to be fetched first. */
const SET_UP_MS = 5 * 60_000;

const { folder, service, timer } = backupPaths;
const backupScript = shellScript('replicas/scripts/backup.sh', ['pki', 'url', 'cluster', 'uid', 'folder']);
const setUpScript = shellScript('replicas/scripts/set-up-backup.sh', ['folder', 'units', 'timer', 'user']);
const stopScript = shellScript('replicas/scripts/stop-backup.sh', [
  ...(['folder', 'units', 'timer', 'service', 'state'] as const),
]);
const sealedScript = shellScript('replicas/scripts/put-sealed.sh', ['folder', 'revision']);

/** What the store has of the cluster, closed for the operator. */
export interface Sealed {
  readonly text: string;
  /** Of the store. */
  readonly revision: number;
}

export interface BackupSetUp extends Omit<BackupUnits, 'secrets'> {
  readonly cluster: string;
  /** Of the cluster, which another one of the same name has not. */
  readonly uid: string;
  readonly generation: number;
  /** By file: where restic's environment looks for them. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly sealed: Sealed;
}

/**
 * Has the machine back etcd up by itself, wherever its member leads, from now on. restic is installed where it is missing.
 * Can be repeated; all of it takes effect at once.
 * @throws SshError
 */
export async function setUpBackup(
  session: Session,
  setUp: BackupSetUp,
  { signal, progress }: Waiting = {},
): Promise<void> {
  progress?.('restic, and what it is told');
  await session.run(setUpScript({ folder, units: paths.units, timer, user: users.backup }), {
    input: archive(filesOf(setUp)),
    what: 'set up backups',
    timeoutMs: SET_UP_MS,
    signal,
  });
}

function filesOf({ cluster, uid, generation, secrets, sealed, ...units }: BackupSetUp): ArchivedFile[] {
  const file = (path: string, content: string, mode = 0o644) => ({ path, content, mode, owner: 'root' });
  const all = { ...units, secrets: Object.keys(secrets) };
  return [
    ...Object.entries(secrets).map(([name, text]) => file(name, text, 0o600)),
    file('backup.sh', backupScript({ pki: pkiFolder, url: ETCD_CLIENT_URL, cluster, uid, folder })),
    file('sealed.age', sealed.text),
    file('store-revision', `${sealed.revision}\n`),
    file('generation', `${generation}\n`),
    file(`units/${service}`, backupService(all)),
    file(`units/${timer}`, backupTimer(all)),
  ];
}

/** Takes everything about backups from the machine. @throws SshError */
export async function stopBackup(session: Session, { signal }: Waiting = {}): Promise<void> {
  const state = '/var/lib/haup/backup';
  await session.run(stopScript({ folder, units: paths.units, timer, service, state }), {
    what: 'stop backups',
    signal,
  });
}

/** Exchanges the sealed keys that go with every backup. Nothing where no backups are set up. @throws SshError */
export async function putSealed(
  session: Session,
  { text, revision }: Sealed,
  { signal }: Waiting = {},
): Promise<void> {
  await session.run(sealedScript({ folder, revision }), { input: text, what: 'seal the keys', signal });
}
