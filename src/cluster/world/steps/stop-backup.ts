import { stopBackup as stopOn } from '../../../replicas/backup/set-up.ts';
import type { Executor } from './executor.ts';

export const stopBackup: Executor<'stop-backup'> = async (t, { replica }, progress) => {
  await stopOn(await t.session(replica), { signal: t.signal, progress });
};
