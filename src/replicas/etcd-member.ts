import { shellQuote } from '../ssh/quote.ts';
import type { Session } from '../ssh/session.ts';
import { curl } from './curl.ts';
import { ReplicaError } from './errors.ts';
import { paths, pkiPath } from './paths.ts';
import { carryOut } from './progress.ts';
import { stopScript } from './stop.ts';
import { ETCD_CLIENT_URL, peerUrl } from './units/etcd.ts';
import { unit } from './units/names.ts';
import type { Waiting } from './waiting.ts';

export interface InitialMember {
  readonly name: string;
  readonly peerUrl: string;
}

const START_TIMEOUT_MS = 120_000;
const NAME = /^[a-z0-9][-a-z0-9]*$/;
const PEER_URL = /^https?:\/\/[\w.:[\]-]+$/;
const MEMBER_ID = /^\d{1,20}$/;

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
  const script = `${functions}
membership=${shellQuote(membership(initialCluster, 'new'))}
has_data || joins "$membership" || join "$membership"
start
ask
remember "$running"
`;
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
  const script = `${functions}
id=${memberId}
known=$(cat ${paths.etcdMemberId} 2>/dev/null) || known=
if has_data && [ -n "$known" ] && [ "$known" != "$id" ]; then forget; fi
has_data || {
  membership=${shellQuote(membership(options.initialCluster, 'existing'))}
  joins "$membership" || join "$membership"
  remember "$id" >/dev/null
  start_fresh
}
start
ask
# Data without a note whose it is, and now it turns out to be another's.
if [ "$running" != "$id" ]; then forget; not_yet ${unit.etcd} "etcd: its data is of the member $running, not $id"; fi
remember "$id"
`;
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
  const script = `systemctl enable -q ${unit.etcd} && timeout 15 systemctl restart ${unit.etcd}; [ $? -eq 124 ] || systemctl is-active ${unit.etcd}`;
  await session.run(script, { what: 'start etcd again', timeoutMs: 30_000, signal: waiting.signal });
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

const statusOf = `${curl} -sS -m 5 --cacert ${pkiPath('etcd/ca.crt')} --cert ${pkiPath('etcd/client.crt')} \\
    --key ${pkiPath('etcd/client.key')} -d '{}' ${ETCD_CLIENT_URL}/v3/maintenance/status`;

/**
 * `put`: the write of a file is finished, and on the disk, before its name shows it.
 *
 * `joins`: it is on its way into these members, and is left alone. Before it writes anything to its disk it asks each of
 * them in turn, which takes longer than one look when one is silent, as a machine is that is gone: stopped at every look
 * because it has no data yet, it would never have any.
 *
 * `start_fresh`: a member that joins proposes its own name, and serves when that has been committed. The leader sends it a
 * snapshot at the same time, the connections to its peers are replaced when that is applied, and the proposal is often lost with
 * them (tried on 3.7.3: every time): etcd then waits for 7 s, a constant, and proposes it again. So it is started
 * anew as soon as it has the snapshot, which costs a tenth of a second and is what a crash at that moment would do.
 */
const functions = `put() { printf '%s' "$2" >"$1.new"; sync -- "$1.new"; mv -fT -- "$1.new" "$1"; }
has_data() { for wal in ${paths.etcdData}/member/wal/*.wal; do [ -e "$wal" ] && return 0; done; return 1; }
forget() { systemctl stop ${unit.etcd}; rm -rf -- ${paths.etcdData}/member ${paths.etcdMemberId}; }
join() { systemctl stop ${unit.etcd}; rm -rf -- ${paths.etcdData}/member; put ${paths.etcdMembership} "$1"; }
joins() {
  [ "$(systemctl show -p ActiveState --value ${unit.etcd})" = activating ] && [ "$(cat ${paths.etcdMembership})" = "\${1%?}" ]
}
remember() { [ "$(cat ${paths.etcdMemberId} 2>/dev/null)" = "$1" ] || put ${paths.etcdMemberId} "$1"; echo "$1"; }
ask() {
  status=$(${statusOf}) || not_yet ${unit.etcd} 'etcd: its answer'
  running=$(echo "$status" | sed -n 's/.*"member_id":"\\([0-9]*\\)".*/\\1/p')
  [ -n "$running" ] || not_yet ${unit.etcd} "etcd: its member id in $status"
}
start_fresh() {
  systemctl enable -q ${unit.etcd}
  systemctl start --no-block ${unit.etcd}
  for look in $(seq 30); do
    systemctl is-active -q ${unit.etcd} && return 0
    for snapshot in ${paths.etcdData}/member/snap/*.snap; do [ ! -e "$snapshot" ] || break 2; done
    sleep 0.05
  done
  [ -e "$snapshot" ] || return 0
  sleep 0.1
  systemctl is-active -q ${unit.etcd} || systemctl restart --no-block ${unit.etcd}
}
start() {
  systemctl is-enabled -q ${unit.etcd} || systemctl enable -q ${unit.etcd}
  # It says itself when it serves: for a member of several, when it has found a leader.
  timeout 2 systemctl start ${unit.etcd} 2>/dev/null && return 0
  [ $? -ne 124 ] || not_yet ${unit.etcd} "etcd: serving"
  sleep 0.5
  not_yet ${unit.etcd} "etcd: it ended and is started again"
}`;
