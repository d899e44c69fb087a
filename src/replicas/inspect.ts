import type { Session } from '../ssh/session.ts';
import { ReplicaError } from './errors.ts';
import { parseInside, SEPARATOR } from './inside.ts';
import { paths, pkiPath } from './paths.ts';
import { healthUrls, unit } from './units/names.ts';

/** What systemd knows of a unit. `disabled`: haup does not want it to run (yet, or any more) on this machine. */
export type UnitState = 'disabled' | 'stopped' | 'running';

/** What a machine says of itself over SSH, in one command. */
export interface Inside {
  /** Every file that a replica needs is in place, for this cluster and this name. False on an empty disk. */
  readonly provisioned: boolean;
  /** etcd's data directory holds a member. */
  readonly etcdData: boolean;
  readonly etcd: UnitState;
  /** `running` becomes `ready` or `unready` by /readyz. */
  readonly apiServer: 'disabled' | 'stopped' | 'unready' | 'ready';
  /** Controller manager and scheduler: `running` only if both run. */
  readonly controllers: UnitState;
  /** RFC 3339; null before provisioning. */
  readonly certificateExpires: string | null;
  /** DNS names on the API server's certificate. Empty before provisioning. */
  readonly certificateNames: readonly string[];
}

export interface InspectOptions {
  readonly uid: string;
  readonly name: string;
  readonly apiPort: number;
}

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
