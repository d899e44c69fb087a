import type { BackupWish } from '../../../app/backups/backup-parts.ts';

/** What the flags for backups say; undefined where none are wished. */
export function backupWish(given: {
  readonly backupTo: string | undefined;
  readonly backupEvery: number;
  readonly backupKeep: BackupWish['keep'];
  readonly backupCredentials: string | undefined;
}): BackupWish | undefined {
  if (given.backupTo === undefined) return undefined;
  return {
    to: given.backupTo,
    everySeconds: given.backupEvery / 1000,
    keep: given.backupKeep,
    credentials: given.backupCredentials ?? null,
  };
}
