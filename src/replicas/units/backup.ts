import { backupPaths } from '../backup/paths.ts';
import { pkiPath } from '../paths.ts';
import { users } from '../provision/users.ts';
import { sandbox } from './unit.ts';

export interface BackupUnits {
  readonly everySeconds: number;
  /** By which restic finds its files; `%d` is the folder of the unit's credentials. */
  readonly environment: Readonly<Record<string, string>>;
  /** Files of the backup's folder that hold secrets. */
  readonly secrets: readonly string[];
  /** A folder that backups are written to; null: they go over the network. */
  readonly folder: string | null;
}

/** What is secret is read by the manager and given to this unit alone, which is not root's. */
export function backupService({ environment, secrets, folder }: BackupUnits): string {
  const state = 'haup/backup';
  return [
    '[Unit]',
    'Description=Backup of etcd, where its member leads',
    '',
    '[Service]',
    'Type=oneshot',
    `User=${users.backup}`,
    `ExecStart=/bin/sh ${backupPaths.folder}/backup.sh`,
    `StateDirectory=${state}`,
    'StateDirectoryMode=0700',
    `LoadCredential=etcd.key:${pkiPath('etcd/client.key')}`,
    ...secrets.map((file) => `LoadCredential=${file}:${backupPaths.folder}/${file}`),
    ...Object.entries(environment).map(([name, value]) => `Environment=${name}=${value}`),
    // Where it is not there, restic says so: a unit that cannot start tells nobody why.
    ...(folder === null ? [] : [`ReadWritePaths=-${folder}`]),
    // A backup is for later: whatever serves now comes first.
    'Nice=5',
    'TimeoutStartSec=2h',
    'CapabilityBoundingSet=',
    ...sandbox,
    '',
  ].join('\n');
}

/** For so long a backup may take, and the newest that is whole is still no older than was asked for. */
const TAKES_SECONDS = 5;

/** From start to start, whatever a backup takes; the first at once, and each a little early: it is of use when it is whole. */
export function backupTimer({ everySeconds }: BackupUnits): string {
  const early = Math.min(TAKES_SECONDS, Math.floor(everySeconds / 3));
  return `[Unit]
Description=Backups of etcd

[Timer]
OnActiveSec=0
OnUnitActiveSec=${everySeconds - early}s
AccuracySec=500ms

[Install]
WantedBy=timers.target
`;
}
