import { shellScript } from '../../ssh/script.ts';
import type { Session } from '../../ssh/session.ts';
import { type ArchivedFile, archive } from '../../util/host/archive.ts';
import { ReplicaError } from '../errors.ts';
import type { Waiting } from '../waiting.ts';
import { digest, releasePaths } from './release.ts';

const script = shellScript('replicas/scripts/exchange.sh', [
  ...(['digest', 'restarts', 'started', 'replaced'] as const),
  ...(['releases', 'current', 'previous', 'staged', 'units', 'marker_file'] as const),
]);

export interface Exchange {
  /** Paths relative to the release, as in release.ts. */
  readonly files: readonly ArchivedFile[];
  /** Units that have read the old ones, and are started again if they run. */
  readonly restarts: readonly string[];
  /** Where the machine keeps which release its services were started with; absent where it keeps none. */
  readonly started?: string;
  /** Folders of which no other file is kept. */
  readonly replaced?: readonly string[];
}

/**
 * Exchanges files of a machine's release while everything runs: all at once, so that no certificate ever lies beside another's key.
 * @throws ReplicaError, SshError
 */
export async function exchange(session: Session, options: Exchange, waiting: Waiting = {}): Promise<void> {
  const { files, restarts, started = '', replaced = [] } = options;
  const { code, stderr } = await session.exec(
    script({
      ...{ digest: digest(files), started, ...releasePaths },
      ...{ restarts: restarts.join(' '), replaced: replaced.join(' ') },
    }),
    { input: archive(files), what: 'exchange files', signal: waiting.signal },
  );
  if (code !== 0)
    throw new ReplicaError(`${session.what}: could not exchange files: ${stderr.trim().slice(-500)}`);
}
