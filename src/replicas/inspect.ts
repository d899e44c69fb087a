import type { Session } from '../ssh/session.ts';
import { curl } from './curl.ts';
import { ReplicaError } from './errors.ts';
import { type Inside, type InspectOptions, parseInside, SEPARATOR } from './inside.ts';
import { paths, pkiPath } from './paths.ts';
import { healthUrls, unit } from './units/names.ts';

export type { Inside } from './inside.ts';

/** The units whose state is asked for, in the order of the answers. */
const asked = [unit.etcd, unit.apiServer, unit.controllerManager, unit.scheduler];

/** Where a full file system stops a replica. */
const FOLDERS = ['/run', '/tmp', '/var/lib/haup', '/etc/haup'];

/**
 * Asks a machine about itself, in one command that takes about 50 ms on it, 2 s when something there hangs.
 * @throws SshError when it does not answer, ReplicaError when it cannot say (no processes, no systemd).
 */
export async function inspect(
  session: Session,
  options: InspectOptions,
  limits: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
): Promise<Inside> {
  const sent = Date.now();
  const { stdout, stderr, code } = await session.exec(inspectScript(options.apiPort), {
    what: 'look inside',
    timeoutMs: limits.timeoutMs ?? 5_000,
    signal: limits.signal,
  });
  const inside = code === 0 ? parseInside(stdout, options, { sent, received: Date.now() }) : null;
  if (inside === null) {
    throw new ReplicaError(
      `${session.what}: could not look inside: ${stderr.trim().slice(-300) || 'no answer'}`,
    );
  }
  return inside;
}

/**
 * A component is asked itself, not only systemd: one that is started again and again looks active in between. Nothing is
 * written, since a disk may be full; and a file that is there and cannot be read is no missing file.
 */
function inspectScript(apiPort: number): string {
  const urls = [`https://127.0.0.1:${apiPort}/readyz`, ...Object.values(healthUrls)];
  const say = `echo ${SEPARATOR}`;
  const show = (file: string) => `{ [ ! -e ${file} ] || cat ${file} || exit 74; }`;
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
