import { setUpBackup as setUpOn } from '../../../replicas/backup/set-up.ts';
import { backupSetUp } from '../backup.ts';
import type { Executor } from './executor.ts';

export const setUpBackup: Executor<'set-up-backup'> = async (t, { replica }, progress) => {
  await setUpOn(await t.session(replica), await backupSetUp(t), { signal: t.signal, progress });
};
