import { shellScript } from '../../ssh/script.ts';
import type { Session } from '../../ssh/session.ts';
import { backupPaths } from '../backup/paths.ts';
import { paths, pkiFolder } from '../paths.ts';
import { releaseUnits } from '../units/index.ts';
import { healthUrls, unit } from '../units/names.ts';
import { type AskLimits, askInside, SEPARATOR } from './ask.ts';
import { type Inside, type InspectOptions, parseInside } from './inside.ts';

export type { Inside } from './inside.ts';

/** The units whose state is asked for, in the order of the answers. */
const asked = [unit.etcd, unit.apiServer, unit.controllerManager, unit.scheduler];

/** Private keys of which nothing but their digest leaves the machine. */
const KEYS = ['sa.key', 'kubelet-client-ca.key', 'kubelet-serving-ca.key'];

const BACKUPS = [backupPaths.generation, backupPaths.last, backupPaths.failure];

/** Where a full file system stops a replica. */
const FOLDERS = ['/run', '/tmp', '/var/lib/haup', '/etc/haup'];

const script = shellScript('replicas/scripts/inspect.sh', [
  ...(['separator', 'pki', 'marker', 'data', 'revision_file', 'backups', 'asked', 'folders'] as const),
  ...(['current', 'staged', 'digested'] as const),
]);

/**
 * Asks a machine about itself, in one command that takes about 50 ms on it, 2 s when something there hangs.
 * @throws SshError, ReplicaError; see {@link askInside}.
 */
export function inspect(session: Session, options: InspectOptions, limits: AskLimits = {}): Promise<Inside> {
  const sent = Date.now();
  const read = (answer: string) => parseInside(answer, options, { sent, received: Date.now() });
  return askInside(session, inspectScript(options.apiPort), read, limits);
}

/** A component is asked itself, not only systemd: one that is started again and again looks active in between. */
function inspectScript(apiPort: number): string {
  const units = releaseUnits.map((name) => `${paths.units}/${name} ${paths.units}/${name}.d/*.conf`);
  return script(
    {
      ...{ separator: SEPARATOR, pki: pkiFolder, marker: paths.marker, data: paths.etcdData },
      ...{ revision_file: paths.storeRevision, backups: BACKUPS.join(' ') },
      ...{ asked: asked.join(' '), folders: FOLDERS.join(' ') },
      current: paths.current,
      staged: paths.staged,
      digested: ['config/*', 'addons/*', ...KEYS.map((file) => `pki/${file}`), ...units].join(' '),
    },
    [`https://127.0.0.1:${apiPort}/readyz`, ...Object.values(healthUrls)],
  );
}
