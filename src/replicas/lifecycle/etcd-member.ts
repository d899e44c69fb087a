import { peerUrl } from '../../etcd/peer-url.ts';
import { shellScript } from '../../ssh/script.ts';
import type { Session } from '../../ssh/session.ts';
import { ReplicaError } from '../errors.ts';
import { paths, pkiFolder } from '../paths.ts';
import { carryOut } from '../progress.ts';
import { ETCD_CLIENT_URL } from '../units/etcd.ts';
import { unit } from '../units/names.ts';
import type { Waiting } from '../waiting.ts';
import { stopScript } from './stop.ts';

export interface InitialMember {
  readonly name: string;
  readonly peerUrl: string;
}

const START_TIMEOUT_MS = 120_000;
const NAME = /^[a-z0-9][-a-z0-9]*$/;
const PEER_URL = /^https?:\/\/[\w.:[\]-]+$/;
const MEMBER_ID = /^\d{1,20}$/;

/** Where the scripts find this machine's member. */
const member = {
  unit: unit.etcd,
  data: paths.etcdData,
  id_file: paths.etcdMemberId,
  membership_file: paths.etcdMembership,
  pki: pkiFolder,
  url: ETCD_CLIENT_URL,
};
const inputs = ['unit', 'data', 'id_file', 'membership_file', 'pki', 'url', 'membership'] as const;
const bootstrapScript = shellScript('replicas/scripts/bootstrap-etcd.sh', inputs);
const awaitScript = shellScript('replicas/scripts/await-etcd.sh', ['unit'])({ unit: unit.etcd });
/** For tests. */
export const restartEtcdScript = shellScript('replicas/scripts/restart-etcd.sh', [
  'etcd',
  'api_server',
  'seconds',
])({
  etcd: unit.etcd,
  api_server: unit.apiServer,
  seconds: 15,
});
const startScript = shellScript('replicas/scripts/start-etcd.sh', [...inputs, 'id']);

/**
 * Starts the first member of a new etcd. On a machine whose etcd has data already it is only started.
 * @returns its member id, in decimal, when it serves.
 * @throws ReplicaError, SshError
 */
export async function bootstrapEtcd(
  session: Session,
  options: { readonly name: string; readonly internalIp: string },
  waiting: Waiting = {},
): Promise<{ memberId: string }> {
  const initialCluster = [{ name: options.name, peerUrl: peerUrl(options.internalIp) }];
  const script = bootstrapScript({ ...member, membership: membership(initialCluster, 'new') });
  return { memberId: await start(session, script, waiting) };
}

/**
 * Starts etcd of a listed member, with the data it has; data that is known to be another member's is thrown away first, as
 * etcd would end at once on it. Resolves when it serves; a learner may have to catch up still.
 * @param options.memberId in decimal. `initialCluster` is every member as etcd lists it, with each of its peer URLs, this one with its replica's name.
 * @throws ReplicaError, SshError
 */
export async function startEtcd(
  session: Session,
  options: {
    readonly name: string;
    readonly memberId: string;
    readonly initialCluster: readonly InitialMember[];
  },
  waiting: Waiting = {},
): Promise<void> {
  const { name, memberId } = options;
  if (!MEMBER_ID.test(memberId)) throw new Error(`not a member id: ${memberId}`);
  const script = startScript({
    ...member,
    id: memberId,
    membership: membership(options.initialCluster, 'existing'),
  });
  const running = await start(session, script, waiting);
  if (running !== memberId)
    throw new ReplicaError(`${name}: etcd runs as member ${running}, not ${memberId}`);
}

/**
 * Starts etcd again with the data that it has. Resolves when it serves or, for the first of several that were down, once it
 * runs and looks for the others.
 */
export async function restartEtcd(session: Session, waiting: Waiting = {}): Promise<void> {
  waiting.progress?.('etcd: looking for the other members');
  await session.run(restartEtcdScript, {
    what: 'start etcd again',
    timeoutMs: 30_000,
    signal: waiting.signal,
  });
}

/** Resolves when an etcd that has just been told to start serves. @throws ReplicaError with its last words */
export async function awaitEtcd(session: Session, waiting: Waiting = {}): Promise<void> {
  await start(session, awaitScript, waiting);
}

/** Stops etcd, and it stays stopped when the machine restarts. Its data stays. */
export async function stopEtcd(session: Session, waiting: Waiting = {}): Promise<void> {
  waiting.progress?.('etcd: stopping');
  await session.run(stopScript([unit.etcd]), {
    what: 'stop etcd',
    timeoutMs: 45_000,
    signal: waiting.signal,
  });
}

async function start(session: Session, script: string, waiting: Waiting): Promise<string> {
  return (
    await carryOut(session, { doing: 'start etcd', script, timeoutMs: START_TIMEOUT_MS }, waiting)
  ).trim();
}

function membership(members: readonly InitialMember[], state: 'new' | 'existing'): string {
  for (const member of members) {
    if (!NAME.test(member.name)) throw new Error(`not a member's name: ${JSON.stringify(member.name)}`);
    if (!PEER_URL.test(member.peerUrl)) throw new Error(`not a peer URL: ${JSON.stringify(member.peerUrl)}`);
  }
  const list = members.map((member) => `${member.name}=${member.peerUrl}`).join(',');
  return `ETCD_INITIAL_CLUSTER=${list}\nETCD_INITIAL_CLUSTER_STATE=${state}\n`;
}
