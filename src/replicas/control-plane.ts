import type { Addon } from '../addons/addons.ts';
import type { Session } from '../ssh/session.ts';
import { curl } from './curl.ts';
import { paths, pkiPath } from './paths.ts';
import { carryOut } from './progress.ts';
import { type Admin, giveRights } from './rights.ts';
import { apiClient } from './settings/api-client.ts';
import { stopScript } from './stop.ts';
import { companions, healthUrls, SETTLED_SECONDS, unit } from './units/names.ts';
import type { Waiting } from './waiting.ts';

const START_TIMEOUT_MS = 180_000;
/** How everything that is said of it begins, while it is waited for. */
const API_SERVER = 'the API server';
/** Longer than any unit's own limit, after which systemd kills it. */
const STOP_TIMEOUT_MS = 180_000;

/**
 * Starts API server, controller manager and scheduler. Resolves when the API server is ready, the other two are well and each
 * has an active instance somewhere, and the `kubernetes` service leads to the API address.
 * `admin` is asked for when the API server is ready: with it haup gives the add-on unit its rights, through the session.
 * `serving` is called, and waited for, as soon as the API server is ready: it can be put to use while the others start.
 * @throws ReplicaError, SshError
 */
export async function startControlPlane(
  session: Session,
  options: {
    readonly apiPort: number;
    readonly admin: () => Promise<Admin>;
    /** Those of the machine's release. */
    readonly addons: () => Promise<readonly Addon[]>;
    readonly serving?: () => Promise<void>;
  },
  waiting: Waiting = {},
): Promise<void> {
  const { apiPort } = options;
  const work = (script: string) => ({
    doing: 'start the control plane',
    script,
    timeoutMs: START_TIMEOUT_MS,
  });
  await carryOut(session, work(apiServerScript(apiPort)), waiting);
  await options.serving?.();
  await giveRights(session, { apiPort, addons: await options.addons(), ...(await options.admin()) }, waiting);
  waiting.progress?.('controller manager and scheduler: starting');
  await carryOut(session, work(controllersScript(apiPort)), waiting);
}

/** Stops controller manager and scheduler for good; their leases are released as they end. */
export async function stopControllers(session: Session, waiting: Waiting = {}): Promise<void> {
  waiting.progress?.('controller manager and scheduler: stopping');
  await stop(
    session,
    [unit.controllerManager, unit.scheduler],
    'stop controller manager and scheduler',
    waiting,
  );
}

/** Stops the API server for good. It serves on for its shutdown delay, and finishes what it has accepted. */
export async function stopApiServer(session: Session, waiting: Waiting = {}): Promise<void> {
  waiting.progress?.('the API server: finishing what it has accepted');
  await stop(session, [...companions, unit.apiServer], 'stop the API server', waiting);
}

async function stop(
  session: Session,
  units: readonly string[],
  what: string,
  waiting: Waiting,
): Promise<void> {
  await session.run(stopScript(units), { what, timeoutMs: STOP_TIMEOUT_MS, signal: waiting.signal });
}

/** `later <unit> <what>`: a tenth of a second until the next look, and back to haup after two seconds. */
export const later = `looks=0
later() { looks=$((looks + 1)); [ $looks -lt 20 ] || not_yet "$1" "$2"; sleep 0.1; }
`;

function apiServerScript(apiPort: number): string {
  const units = [unit.apiServer, ...companions, unit.controllerManager, unit.scheduler].join(' ');
  return `${later}
[ -e ${paths.units}/${companions[1]} ] || {
  echo 'this machine was provisioned by an older haup, whose units this one does not know: replace it' >&2
  exit 1
}
systemctl is-enabled -q ${units} || systemctl enable -q ${units}
timeout 2 systemctl start ${unit.apiServer} 2>/dev/null || {
  [ $? -eq 124 ] || sleep 0.5
  not_yet ${unit.apiServer} '${API_SERVER}: serving'
}
while :; do
  answer=$(${curl} -s -m 2 --cacert ${pkiPath('ca.crt')} 'https://127.0.0.1:${apiPort}/readyz?verbose' || true)
  case "$answer" in *'readyz check passed'*) break ;; esac
  failed=$(echo "$answer" | sed -n 's/^\\[-\\]\\([^ ]*\\).*/\\1/p' | head -n 1)
  later ${unit.apiServer} "${API_SERVER}: \${failed:-an answer}"
done
`;
}

/** They are started when the API server is ready, not before: they would only take the processor from it. */
function controllersScript(apiPort: number): string {
  const controllers = [unit.controllerManager, unit.scheduler] as const;
  return `${apiClient(apiPort, 2, '$as')}${later}
systemctl start --no-block ${controllers.join(' ')} ${companions.join(' ')}
${controllers.map(healthScript).join('\n')}
lease() { as="\${1#kube-}-lease"; api "$base/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/$1" | tr -d ' \\n'; }
field() { sed -n "s/.*\\"$1\\":\\"\\{0,1\\}\\([^\\",}]*\\).*/\\1/p"; }
held() {
  text=$(lease "$1") || return 1
  [ -n "$(echo "$text" | field holderIdentity)" ] || return 1
  renewed=$(date -d "$(echo "$text" | field renewTime)" +%s 2>/dev/null) || return 1
  [ $(($(date +%s) - renewed)) -le "$(echo "$text" | field leaseDurationSeconds)" ]
}
# One that was started again by systemd moments ago has yet to show that it stays.
stays() {
  [ "$(systemctl show -p NRestarts --value "$1")" = 0 ] && return 0
  since=$(systemctl show -p ActiveEnterTimestampMonotonic --value "$1")
  [ $(($(cut -d. -f1 /proc/uptime) - since / 1000000)) -gt ${SETTLED_SECONDS} ]
}
until stays ${unit.controllerManager}; do later ${unit.controllerManager} 'the controller manager: to stay up'; done
until stays ${unit.scheduler}; do later ${unit.scheduler} 'the scheduler: to stay up'; done
until held kube-controller-manager; do later ${unit.controllerManager} 'the controller manager: its lease'; done
until held kube-scheduler; do later ${unit.scheduler} 'the scheduler: its lease'; done
as=endpoints
until api "$base/api/v1/namespaces/default/endpoints/kubernetes" | grep -q '"ip"'; do
  later ${unit.endpoints} 'the endpoints of the kubernetes service'
done
`;
}

function healthScript(name: keyof typeof healthUrls): string {
  const what = name === unit.scheduler ? 'the scheduler' : 'the controller manager';
  return `until ${curl} -sf -m 2 -o /dev/null --cacert ${pkiPath('ca.crt')} ${healthUrls[name]}; do
  later ${name} '${what}: its health check'
done`;
}
