import { X509Certificate } from 'node:crypto';
import type { Session } from '../ssh/session.ts';
import { parseMarker } from './marker.ts';
import { paths, pkiPath } from './paths.ts';
import { healthUrls, type UnitName, unit } from './units/names.ts';

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
}

export interface InspectOptions {
  readonly uid: string;
  readonly name: string;
  readonly apiPort: number;
}

/** The units whose state is asked for, in the order of the answers. */
const asked = [unit.etcd, unit.apiServer, unit.controllerManager, unit.scheduler];
const SEPARATOR = '--haup--';

/**
 * Asks a machine about itself, in one command that takes about 50 ms on it, 1 s when something there hangs.
 * @throws SshError when it does not answer.
 */
export async function inspect(
  session: Session,
  options: InspectOptions,
  limits: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
): Promise<Inside> {
  const { stdout } = await session.exec(inspectScript(options.apiPort), {
    what: 'look inside',
    timeoutMs: limits.timeoutMs ?? 5_000,
    signal: limits.signal,
  });
  return parseInside(stdout, options);
}

/** A component is asked itself, not only systemd: one that is started again and again looks active in between. */
function inspectScript(apiPort: number): string {
  const urls = [`https://127.0.0.1:${apiPort}/readyz`, ...Object.values(healthUrls)];
  const say = `echo ${SEPARATOR}`;
  return `exec 2>/dev/null
curl -sZ -m 1 --cacert ${pkiPath('ca.crt')} ${urls.map(() => '-o /dev/null').join(' ')} -w '%{url} %{http_code}\\n' ${urls.join(' ')} >/run/haup-health.$$ &
cat ${paths.marker}; ${say}
cat ${pkiPath('apiserver.crt')}; ${say}
for wal in ${paths.etcdData}/member/wal/*.wal; do [ ! -e "$wal" ] || echo yes; break; done; ${say}
systemctl show -p Id,UnitFileState,ActiveState ${asked.join(' ')}; ${say}
wait
cat /run/haup-health.$$; rm -f /run/haup-health.$$
`;
}

/** Reads what {@link inspectScript} prints. Exported for its tests. */
export function parseInside(output: string, options: InspectOptions): Inside {
  const [markerText = '', certificate = '', wal = '', unitText = '', healthText = ''] = output.split(
    `${SEPARATOR}\n`,
  );
  const marker = parseMarker(markerText);
  const units = readUnits(unitText);
  const health = new Map(healthText.split('\n').map((line) => line.split(' ') as [string, string]));
  const answers = (url: string) => (health.get(url) ?? '000') !== '000';
  const state = (name: UnitName): UnitState => units.get(name) ?? 'disabled';
  const apiServer = state(unit.apiServer);
  const ready = health.get(`https://127.0.0.1:${options.apiPort}/readyz`) === '200';
  const controllers = [unit.controllerManager, unit.scheduler] as const;
  return {
    provisioned: marker !== null && marker.uid === options.uid && marker.name === options.name,
    etcdData: wal.trim() === 'yes',
    etcd: state(unit.etcd),
    apiServer: apiServer === 'running' ? (ready ? 'ready' : 'unready') : apiServer,
    controllers: controllers.every((name) => state(name) === 'disabled')
      ? 'disabled'
      : controllers.every((name) => state(name) === 'running' && answers(healthUrls[name]))
        ? 'running'
        : 'stopped',
    certificateExpires: expiry(certificate),
  };
}

/** `systemctl show`: a paragraph a unit, `Key=value` a line. */
function readUnits(text: string): Map<string, UnitState> {
  return new Map(
    text.split('\n\n').map((paragraph): [string, UnitState] => {
      const values = new Map(paragraph.split('\n').map((line) => line.split('=', 2) as [string, string]));
      return [values.get('Id') ?? '', unitState(values.get('UnitFileState'), values.get('ActiveState'))];
    }),
  );
}

/**
 * Enabled means that haup wants the unit to run here. One that is disabled and still runs is on its way down, and not
 * yet out of the way.
 */
function unitState(file: string | undefined, active: string | undefined): UnitState {
  const ended = active === undefined || active === 'inactive' || active === 'failed';
  if (file !== 'enabled' && ended) return 'disabled';
  return active === 'active' ? 'running' : 'stopped';
}

/** RFC 3339, without milliseconds. */
function expiry(pem: string): string | null {
  try {
    return new Date(new X509Certificate(pem).validTo).toISOString().replace('.000Z', 'Z');
  } catch {
    return null;
  }
}
