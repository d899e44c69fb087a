import type { Session } from '../../ssh/session.ts';
import type { ArchivedFile } from '../../util/host/archive.ts';
import { awaitControllers } from '../lifecycle/control-plane.ts';
import { unit } from '../units/names.ts';
import type { Waiting } from '../waiting.ts';
import { exchange } from './exchange.ts';
import { awaitServing } from './serving-certificate.ts';

/** Who reads its kubeconfig once. */
const READERS = [unit.controllerManager, unit.scheduler];

export interface Refresh {
  /** Paths relative to the release, as in release.ts. */
  readonly files: readonly ArchivedFile[];
  readonly apiPort: number;
  /** The API server serves: then it is waited for until it shows its new certificate. */
  readonly serving: boolean;
  /** Controller manager and scheduler work, which takes an API server: then they are waited for until they do again. */
  readonly controlling: boolean;
}

/**
 * Exchanges files of a master's release while everything runs: all at once, so that no certificate ever lies beside another's key.
 * etcd, its clients and curl read theirs at each handshake; the API server takes its own up while it runs; controller manager and
 * scheduler are started again if their kubeconfigs are among them.
 * @throws ReplicaError, SshError
 */
export async function refresh(session: Session, options: Refresh, waiting: Waiting = {}): Promise<void> {
  const { files, apiPort, serving, controlling } = options;
  const restarts = files.some(({ path }) => /^pki\/(controller-manager|scheduler)\.conf$/.test(path));
  await exchange(session, { files, restarts: restarts ? READERS : [] }, waiting);
  const own = files.find(({ path }) => path === 'pki/apiserver.crt');
  if (own && serving) await awaitServing(session, { certificatePem: own.content, apiPort }, waiting);
  if (restarts && controlling) await awaitControllers(session, { apiPort }, waiting);
}
