import type { Session } from '../ssh/session.ts';
import { type AskLimits, askInside, endSection, showFile } from './ask.ts';
import { curl } from './curl.ts';
import { type Inside, type InspectOptions, parseInside } from './inside.ts';
import { paths, pkiPath } from './paths.ts';
import { healthUrls, releaseUnits, unit } from './units/names.ts';

export type { Inside } from './inside.ts';

/** The units whose state is asked for, in the order of the answers. */
const asked = [unit.etcd, unit.apiServer, unit.controllerManager, unit.scheduler];

/** Private keys of which nothing but their digest leaves the machine. */
const KEYS = ['sa.key', 'kubelet-client-ca.key', 'kubelet-serving-ca.key'];

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
${revisionScript()}
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

/**
 * Two sections, read by revision.ts: certificates and public keys; digests of settings, add-ons, units and keys. A release that is
 * exchanged meanwhile is seen as a whole or not at all. What an older haup did not put there is no reason to see nothing.
 */
function revisionScript(): string {
  const units = releaseUnits.map((name) => `${paths.units}/${name} ${paths.units}/${name}.d/*.conf`);
  const digested = ['config/*', 'addons/*', ...KEYS.map((file) => `pki/${file}`), ...units].join(' ');
  return `there() { for file; do [ ! -e "$file" ] || printf '%s ' "$file"; done; }
if cd ${paths.current} 2>/dev/null; then
  set -- $(there pki/*.crt pki/sa.pub pki/*.conf pki/etcd/*.crt)
  [ $# = 0 ] || awk '
    FNR == 1 { print "# " FILENAME }
    FILENAME ~ /conf$/ { if ($1 == "client-certificate-data:") print $2; next }
    { print }' "$@" || exit 74
fi; ${endSection}
if [ -d pki ]; then
  set -- $(there ${digested})
  [ $# = 0 ] || sha256sum -- "$@" || exit 74
  [ ! -e config/encryption.yaml ] || sed -n 's/^ *secret: //p' config/encryption.yaml |
    while read -r key; do printf %s "$key" | sha256sum || exit 74; done || exit 74
fi
[ ! -e ${paths.current} ] || [ -d pki ] || exit 74; ${endSection}`;
}
