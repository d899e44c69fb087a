import { shellScript } from '../../ssh/script.ts';
import type { Session } from '../../ssh/session.ts';
import { ReplicaError } from '../errors.ts';
import type { Waiting } from '../waiting.ts';
import { backupPaths } from './paths.ts';
import { type BackupReport, parseReport } from './report.ts';

const TAKE_MS = 2 * 60 * 60_000;

const script = shellScript('replicas/scripts/take-backup.sh', ['service', 'last', 'failure']);

/**
 * Takes a backup that begins now, on the machine whose member leads.
 * @throws ReplicaError with restic's or etcd's words, SshError
 */
export async function takeBackup(
  session: Session,
  { signal, progress }: Waiting = {},
): Promise<NonNullable<BackupReport['last']>> {
  const { service, last, failure } = backupPaths;
  progress?.('a snapshot of etcd, and restic');
  const { code, stdout, stderr } = await session.exec(script({ service, last, failure }), {
    what: 'take a backup',
    timeoutMs: TAKE_MS,
    signal,
  });
  const report = parseReport(`generation 1\nlast ${stdout}`);
  if (code === 0 && report?.last) return report.last;
  const words = stderr.trim().split('\n').at(-1) ?? '';
  throw new ReplicaError(`${session.what}: could not take a backup: ${words || `exit code ${code}`}`);
}
