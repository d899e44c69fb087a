import { text, withFallback } from '../flag.ts';
import * as values from '../input/values.ts';

// Backups.

export const backupTo = text(
  'backup-to',
  'REPOSITORY',
  'where etcd is backed up to, as restic has it: s3:https://host/bucket/prefix, gs:bucket:/prefix, rest:https://host/, /folder',
  values.repository,
  { defaultText: 'nowhere' },
);
export const backupEvery = withFallback(
  text('backup-every', 'TIME', 'how often, 15s to 24h', values.durationBetween(15, 24 * 3600), {
    defaultText: '1m',
  }),
  60_000,
);
export const backupKeep = withFallback(
  text(
    'backup-keep',
    'ALL,HOURLY,DAILY',
    'how long all are kept, then one an hour, then one a day, such as 1h,1d,30d',
    values.retention,
    { defaultText: '1h,1d,30d' },
  ),
  { allHours: 1, hourlyDays: 1, dailyDays: 30 },
);
export const backupCredentials = text(
  'backup-credentials',
  'FILE',
  "what masters write there with: an AWS credentials file, or a Google service account's key; need allow to delete below locks/ alone",
  values.filePath,
  { defaultText: 'what the machines have of the cloud itself' },
);
/** Of who removes backups. */
export const pruneCredentials = text(
  'backup-credentials',
  'FILE',
  'what deletes there, where what masters write with may not',
  values.filePath,
  { defaultText: 'what masters write with, or else the cloud’s own of this machine' },
);

export const from = text('from', 'REPOSITORY', 'where the backups of the cluster are', values.repository);
export const backup = text('backup', 'ID', 'the backup to restore, whoever survived', values.backupId, {
  defaultText: 'the newest one, if nobody survived',
});
