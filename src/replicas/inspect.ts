import type { Session } from '../ssh/session.ts';
import { type AskLimits, askInside, endSection, showFile } from './ask.ts';
import { curl } from './curl.ts';
import { type Inside, type InspectOptions, parseInside } from './inside.ts';
import { paths, pkiPath } from './paths.ts';
import { healthUrls, unit } from './units/names.ts';

export type { Inside } from './inside.ts';

/** The units whose state is asked for, in the order of the answers. */
const asked = [unit.etcd, unit.apiServer, unit.controllerManager, unit.scheduler];

/** Where a full file system stops a replica. */
const FOLDERS = ['/run', '/tmp', '/var/lib/haup', '/etc/haup'];

/**
 * Asks a machine about itself, in one command that takes about 50 ms on it, 2 s when something there hangs.
 * @throws SshError, ReplicaError; see {@link askInside}.
 */
export function inspect(session: Session, options: InspectOptions, limits: AskLimits = {}): Promise<Inside> {
  const sent = Date.now();
  const read = (answer: string) => parseInside(answer, options, { sent, received: Date.now() });
  return askInside(session, inspectScript(options.apiPort), read, limits);
}

/**
 * A component is asked itself, not only systemd: one that is started again and again looks active in between. Nothing is
 * written, since a disk may be full.
 */
function inspectScript(apiPort: number): string {
  const urls = [`https://127.0.0.1:${apiPort}/readyz`, ...Object.values(healthUrls)];
  const [say, show] = [endSection, showFile];
  return `${curl} -sZ -m 2 --cacert ${pkiPath('ca.crt')} ${urls.map(() => '-o /dev/null').join(' ')} -w '%{url} %{http_code}\\n' ${urls.join(' ')} 2>/dev/null | {
date +%s%3N; ${say}
${show(paths.marker)}; ${say}
${show(pkiPath('apiserver.crt'))}; ${say}
for file in ${pkiPath('*.crt')} ${pkiPath('etcd/*.crt')}; do ${show('"$file"')}; done
for file in ${pkiPath('*.conf')}; do
  [ ! -e "$file" ] || sed -n 's/^ *client-certificate-data: *//p' "$file" | base64 -d
done; ${say}
for wal in ${paths.etcdData}/member/wal/*.wal; do [ ! -e "$wal" ] || echo yes; break; done; ${say}
${show(paths.storeRevision)}; ${say}
systemctl show -p Id,UnitFileState,ActiveState,NRestarts,ActiveEnterTimestampMonotonic ${asked.join(' ')}; ${say}
cut -d. -f1 /proc/uptime; ${say}
for folder in ${FOLDERS.join(' ')}; do
  [ ! -e "$folder" ] || echo "$folder $(df -Pk "$folder" | awk 'NR == 2 { print $4 }')"
done; ${say}
cat; ${say}
date +%s%3N
}
`;
}
