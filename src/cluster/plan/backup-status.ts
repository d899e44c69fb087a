import type { BackupReport } from '../../replicas/backup/report.ts';
import { isAhead } from '../../util/text/clock-difference.ts';
import type { Observation } from '../model/observation.ts';
import type { ClusterSpec } from '../model/spec.ts';
import type { Warning } from '../model/warning.ts';

/** How far the backups of a cluster have come, by its masters' own words. */
export interface BackupStatus {
  readonly to: string;
  readonly everySeconds: number;
  /** The newest of all masters'; null where none of those that could be asked has taken one. */
  readonly last: (NonNullable<BackupReport['last']> & { readonly by: string }) | null;
  /** Newer than that. */
  readonly failure: (NonNullable<BackupReport['failure']> & { readonly by: string }) | null;
  /** The next, or the first since they were set up, should have been there long ago. */
  readonly late: boolean;
}

/** A backup takes its time, and so does an election. */
const GRACE_SECONDS = 60;

/** Null where the spec wants no backups. Pure; `now` in milliseconds since the epoch. */
export function backupStatus(
  { backup }: Pick<ClusterSpec, 'backup'>,
  { machines }: Pick<Observation, 'machines'>,
  now: number,
): BackupStatus | null {
  if (!backup) return null;
  const reports = machines.flatMap(({ name: by, inside }) =>
    inside?.backup ? [{ by, ...inside.backup }] : [],
  );
  const all = reports.flatMap((report) => (report.last ? [{ ...report.last, by: report.by }] : []));
  // Dated by a wrong clock: it would hide for so long that no more are taken. Where there is no other one, it may be ours that is wrong.
  const believed = all.filter(({ taken }) => !isAhead(taken, now));
  const last = (believed.length > 0 ? believed : all).reduce<BackupStatus['last']>(
    (a, b) => (a && a.taken > b.taken ? a : b),
    null,
  );
  const failure = reports
    .flatMap((report) => (report.failure ? [{ ...report.failure, by: report.by }] : []))
    // Nor is one of the future newer than a backup that is believed.
    .filter(({ at }) => believed.length === 0 || !isAhead(at, now))
    .filter(({ at }) => last === null || at > last.finished)
    .reduce<BackupStatus['failure']>((a, b) => (a && a.at > b.at ? a : b), null);
  // A master that has just come has taken none, and is no reason to call the others' late.
  const setUp =
    reports
      .flatMap(({ since }) => since ?? [])
      .toSorted()
      .at(-1) ?? null;
  const from = last?.taken ?? setUp;
  const due = from === null ? null : Date.parse(from) + (2 * backup.everySeconds + GRACE_SECONDS) * 1000;
  const { to, everySeconds } = backup;
  return { to, everySeconds, last, failure, late: due !== null && due < now };
}

/** What is wrong with them. */
export function backupWarnings(spec: ClusterSpec, o: Observation, now: number): Warning[] {
  const status = backupStatus(spec, o, now);
  if (!status) return [];
  const { last, failure, late, everySeconds } = status;
  const since = last ? `the last one, ${last.id}, is of ${last.taken}` : 'there is none yet';
  const again = { to: 'try once more', command: 'backup create', cluster: spec.name } as const;
  if (failure) {
    const unlock = {
      to: 'remove a lock whose holder is gone',
      command: 'backup prune',
      cluster: spec.name,
    } as const;
    const remedy = /repository is already locked exclusively/.test(failure.words) ? unlock : again;
    return [{ says: `backups fail on ${failure.by} (${since}): ${failure.words}`, remedy }];
  }
  return late
    ? [{ says: `backups are late: one is wanted every ${everySeconds} s, and ${since}`, remedy: again }]
    : [];
}
