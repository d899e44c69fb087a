import { peerUrl } from '../../etcd/peer-url.ts';
import { shellScript } from '../../ssh/script.ts';
import type { Session } from '../../ssh/session.ts';
import { paths } from '../paths.ts';
import { users } from '../provision/users.ts';
import { unit } from '../units/names.ts';
import type { Waiting } from '../waiting.ts';
import { backupPaths } from './paths.ts';

/** A large one comes over the network. */
const RESTORE_MS = 2 * 60 * 60_000;

/**
 * No client may believe in a future that is gone: etcd goes on far beyond any revision that it can have had since (etcd's own advice:
 * 1.5 million a week at a thousand writes a minute), and everything up to there counts as compacted, so that watchers list anew.
 */
const BUMP = 1_000_000_000;

const script = shellScript('replicas/scripts/restore-etcd.sh', [
  ...(['backup', 'name', 'peer', 'token', 'bump'] as const),
  ...(['folder', 'service', 'data', 'user', 'unit', 'membership_file'] as const),
]);

/**
 * Puts etcd's data of a backup on the machine, as those of a new cluster of this member alone. Nothing is started. Done again with the
 * same backup, it changes nothing.
 * @throws SshError with restic's or etcdutl's words
 */
export async function restoreEtcd(
  session: Session,
  options: {
    readonly backup: string;
    readonly name: string;
    readonly internalIp: string;
    /** Of the cluster. */
    readonly uid: string;
  },
  { signal, progress }: Waiting = {},
): Promise<void> {
  const { backup, name, internalIp, uid } = options;
  progress?.('fetching the backup');
  await session.run(
    script({
      ...{ backup, name, peer: peerUrl(internalIp), token: uid, bump: BUMP },
      ...{ folder: backupPaths.folder, service: backupPaths.service, data: paths.etcdData },
      ...{ user: users.etcd, unit: unit.etcd, membership_file: paths.etcdMembership },
    }),
    { what: 'restore etcd', timeoutMs: RESTORE_MS, signal },
  );
}
