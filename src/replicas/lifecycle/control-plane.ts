import type { Addon } from '../../addons/addons.ts';
import { shellScript } from '../../ssh/script.ts';
import type { Session } from '../../ssh/session.ts';
import { paths, pkiFolder } from '../paths.ts';
import { carryOut } from '../progress.ts';
import { companions, healthUrls, SETTLED_SECONDS, unit } from '../units/names.ts';
import type { Waiting } from '../waiting.ts';
import { type Admin, giveRights } from './rights.ts';
import { stopScript } from './stop.ts';

const START_TIMEOUT_MS = 180_000;
/** Longer than any unit's own limit, after which systemd kills it. */
const STOP_TIMEOUT_MS = 180_000;

const startApiServer = shellScript('replicas/scripts/start-api-server.sh', [
  ...(['units', 'unit', 'newest', 'pki', 'api_port'] as const),
]);
const startControllers = shellScript('replicas/scripts/start-controllers.sh', [
  ...(['pki', 'api_port', 'manager', 'manager_health', 'scheduler', 'scheduler_health'] as const),
  ...(['endpoints', 'settled_seconds'] as const),
]);

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

/** Resolves when controller manager and scheduler, which have been started again, are well. @throws ReplicaError, SshError */
export async function awaitControllers(
  session: Session,
  { apiPort }: { readonly apiPort: number },
  waiting: Waiting = {},
): Promise<void> {
  waiting.progress?.('controller manager and scheduler: starting again');
  const doing = 'start controller manager and scheduler again';
  await carryOut(
    session,
    { doing, script: controllersScript(apiPort), timeoutMs: START_TIMEOUT_MS },
    waiting,
  );
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

function apiServerScript(apiPort: number): string {
  const { apiServer, controllerManager, scheduler } = unit;
  const where = { units: paths.units, pki: pkiFolder, api_port: apiPort };
  const units = [apiServer, ...companions, controllerManager, scheduler];
  return startApiServer({ ...where, unit: apiServer, newest: companions[1] }, units);
}

function controllersScript(apiPort: number): string {
  const { controllerManager: manager, scheduler, endpoints } = unit;
  return startControllers(
    {
      ...{ pki: pkiFolder, api_port: apiPort, settled_seconds: SETTLED_SECONDS },
      ...{ manager, manager_health: healthUrls[manager], scheduler, scheduler_health: healthUrls[scheduler] },
      endpoints,
    },
    [manager, scheduler, ...companions],
  );
}
