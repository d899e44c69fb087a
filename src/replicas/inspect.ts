import type { Session } from '../ssh/session.ts';
import { ReplicaError } from './errors.ts';
import { type Inside, type InspectOptions, parseInside, SEPARATOR } from './inside.ts';
import { paths, pkiPath } from './paths.ts';
import { healthUrls, unit } from './units/names.ts';

export type { Inside } from './inside.ts';

/** The units whose state is asked for, in the order of the answers. */
const asked = [unit.etcd, unit.apiServer, unit.controllerManager, unit.scheduler];

/**
 * Asks a machine about itself, in one command that takes about 50 ms on it, 1 s when something there hangs.
 * @throws SshError when it does not answer, ReplicaError when it cannot say (no processes, no systemd).
 */
export async function inspect(
  session: Session,
  options: InspectOptions,
  limits: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
): Promise<Inside> {
  const { stdout, stderr } = await session.exec(inspectScript(options.apiPort), {
    what: 'look inside',
    timeoutMs: limits.timeoutMs ?? 5_000,
    signal: limits.signal,
  });
  const inside = parseInside(stdout, options);
  if (inside === null) {
    throw new ReplicaError(
      `${session.what}: could not look inside: ${stderr.trim().slice(-300) || 'no answer'}`,
    );
  }
  return inside;
}

/** A component is asked itself, not only systemd: one that is started again and again looks active in between. */
function inspectScript(apiPort: number): string {
  const urls = [`https://127.0.0.1:${apiPort}/readyz`, ...Object.values(healthUrls)];
  const say = `echo ${SEPARATOR}`;
  return `curl -sZ -m 1 --cacert ${pkiPath('ca.crt')} ${urls.map(() => '-o /dev/null').join(' ')} -w '%{url} %{http_code}\\n' ${urls.join(' ')} >/run/haup-health.$$ 2>/dev/null &
[ ! -e ${paths.marker} ] || cat ${paths.marker}; ${say}
[ ! -e ${pkiPath('apiserver.crt')} ] || cat ${pkiPath('apiserver.crt')}; ${say}
for wal in ${paths.etcdData}/member/wal/*.wal; do [ ! -e "$wal" ] || echo yes; break; done; ${say}
systemctl show -p Id,UnitFileState,ActiveState,NRestarts,ActiveEnterTimestampMonotonic ${asked.join(' ')}; ${say}
cut -d. -f1 /proc/uptime; ${say}
wait
cat /run/haup-health.$$; rm -f /run/haup-health.$$
`;
}
