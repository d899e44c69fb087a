import { systemClock } from '../util/clock.ts';
import { messageOf } from '../util/failure.ts';
import { BACKUP_TAG, type Backup, VERIFIED_TAG } from './list.ts';
import { LISTING_MS, type Restic } from './restic.ts';

const PRUNE_MS = 60 * 60_000;
/** A backup that is being taken has a lock, for seconds. */
const TRIES = 60;
const TRY_AGAIN_MS = 1000;

/** What is kept: all for some hours, then one an hour for some days, then one a day. */
export interface Keep {
  readonly allHours: number;
  readonly hourlyDays: number;
  readonly dailyDays: number;
}

/**
 * Removes backups that are not to be kept, and the data that no other one needs.
 * @param spared are kept whatever their dates are, which may be wrong.
 * @throws BackupError
 */
export async function prune(
  restic: Restic,
  { allHours, hourlyDays, dailyDays }: Keep,
  spared: readonly Pick<Backup, 'taken' | 'by'>[],
  dryRun: boolean,
  signal: AbortSignal,
): Promise<void> {
  const notes = [
    ...['forget', '--tag', VERIFIED_TAG, '--group-by', '', '--keep-last', '1'],
    ...['--keep-within', `${Math.max(hourlyDays, dailyDays, Math.ceil(allHours / 24))}d`],
    ...(dryRun ? ['--dry-run'] : []),
  ];
  const args = [
    ...['forget', '--tag', BACKUP_TAG, '--group-by', '', '--prune', '--keep-last', '1'],
    ...['--keep-within', `${allHours}h`],
    ...(hourlyDays > 0 ? ['--keep-within-hourly', `${hourlyDays}d`] : []),
    ...(dailyDays > 0 ? ['--keep-within-daily', `${dailyDays}d`] : []),
    ...spared.flatMap(({ taken, by }) => ['--keep-tag', `taken=${taken},by=${by}`]),
    ...(dryRun ? ['--dry-run'] : []),
  ];
  for (let tries = 1; ; tries++) {
    try {
      // Of masters that were switched off in the middle of a backup.
      await restic(['unlock']);
      await restic(notes, { timeoutMs: LISTING_MS });
      await restic(args, { timeoutMs: PRUNE_MS, patient: true });
      return;
    } catch (error) {
      if (tries >= TRIES || !/already locked/.test(messageOf(error))) throw error;
      await systemClock.sleep(TRY_AGAIN_MS, signal);
    }
  }
}
