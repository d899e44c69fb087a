import { shellScript } from '../../ssh/script.ts';
import type { Session } from '../../ssh/session.ts';
import type { ReplicaConfig } from '../config.ts';
import { awaitEtcd } from '../lifecycle/etcd-member.ts';
import { stopScript } from '../lifecycle/stop.ts';
import { releaseUnits } from '../units/index.ts';
import { companions, FEDERATION_UNIT, unit } from '../units/names.ts';
import type { Waiting } from '../waiting.ts';
import { type Finish, finish, releaseOf } from './provision.ts';
import { releasePaths, stageRelease } from './release.ts';

const where = ['releases', 'current', 'previous', 'staged', 'units', 'marker_file'] as const;
const switchScript = shellScript('replicas/scripts/switch-release.sh', [
  ...(['change', 'stopped', 'restarts', 'finish'] as const),
  ...where,
]);
const putBackScript = shellScript('replicas/scripts/put-back.sh', ['change', 'stopped', ...where]);

/** Longer than etcd's unit takes to stop. */
const TIMEOUT_MS = 60_000;
/** As long as an API server that does not come up may take to end. */
const STOP_TIMEOUT_MS = 180_000;

/** Run beside the API server, and read their scripts once. */
const HELPERS = [
  ...companions,
  ...releaseUnits.filter((name) => name.startsWith('haup-service') || name === FEDERATION_UNIT),
];

export interface Switch {
  /** The change of the spec that the release was made for. */
  readonly change: string;
  /** etcd reads what is new in it: it is stopped, and started again. */
  readonly etcd: boolean;
  /** The API server has not been stopped before: it is now, and started again. */
  readonly apiServer?: boolean;
}

/** Puts what a changed spec makes of a replica beside what is in force: with its programs, and nothing else happens. @throws ReplicaError, SshError */
export function stage(session: Session, config: ReplicaConfig, waiting: Waiting = {}): Promise<void> {
  return stageRelease(session, releaseOf(config), waiting);
}

/**
 * Puts what was staged in force. What reads it only as it starts has been stopped before, all but etcd: that is
 * started again, and waited for until it serves. Can be repeated. @throws ReplicaError, SshError
 */
export async function switchRelease(
  session: Session,
  { change, etcd, apiServer = false, ...config }: Switch & Finish,
  waiting: Waiting = {},
): Promise<void> {
  const stopped = [...(apiServer ? [unit.apiServer] : []), ...(etcd ? [unit.etcd] : [])];
  const script = switchScript({
    ...{ change, stopped: stopped.join(' '), restarts: HELPERS.join(' '), finish: finish(config) },
    ...releasePaths,
  });
  const timeoutMs = apiServer ? STOP_TIMEOUT_MS : TIMEOUT_MS;
  await session.run(script, { what: 'change its release', timeoutMs, signal: waiting.signal });
  if (etcd) await awaitEtcd(session, waiting);
}

/** Stops what does not work, and puts the release of before in force again. Can be repeated. @throws ReplicaError, SshError */
export async function putBack(
  session: Session,
  { change, etcd }: Switch,
  waiting: Waiting = {},
): Promise<void> {
  const stop = stopScript([unit.controllerManager, unit.scheduler, ...companions, unit.apiServer]);
  await session.run(stop, { what: 'stop its units', timeoutMs: STOP_TIMEOUT_MS, signal: waiting.signal });
  const script = putBackScript({ change, stopped: etcd ? unit.etcd : '', ...releasePaths });
  await session.run(script, { what: 'put it back', timeoutMs: TIMEOUT_MS, signal: waiting.signal });
}
