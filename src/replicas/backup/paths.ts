/** What a master is told about backups, and how far it has come. */
export const backupPaths = {
  folder: '/etc/haup/backup',
  /** Of the spec's wish, in decimal; there when everything else is, and the timer is at work. */
  generation: '/etc/haup/backup/generation',
  /** The last backup that was taken here, one line of JSON. */
  last: '/var/lib/haup/backup/last',
  /** Why none was taken since, one line: the time, then the words. */
  failure: '/var/lib/haup/backup/failure',
  service: 'haup-backup.service',
  timer: 'haup-backup.timer',
} as const;
