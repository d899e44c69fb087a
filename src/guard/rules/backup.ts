import { backupStatus } from '../../cluster/plan/backup-status.ts';
import { type Rule, wait } from '../watch.ts';

/** Backups that fail, or do not come: one is taken by hand, which also shows why. */
export const backup: Rule = ({ spec, observation, now }) => {
  const status = backupStatus(spec, observation, now);
  if (!status || (!status.late && !status.failure)) return null;
  const { last, failure } = status;
  const since = last ? `the last one is of ${last.taken}` : 'there is none yet';
  const what = failure ? `backups fail on ${failure.by} (${failure.words})` : 'backups are late';
  if (!observation.etcd.readable || !observation.etcd.members.some(({ leader }) => leader))
    return wait(`${what}, ${since}; etcd has to be well before one can be taken`);
  return { kind: 'act', duty: 'backup', replica: null, reason: `${what}, ${since}` };
};
