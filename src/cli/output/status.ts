import type { Deed } from '../../cluster/model/guard.ts';
import { PHASES } from '../../cluster/model/rotated.ts';
import { sayDifference } from '../../cluster/plan/revision/report.ts';
import type { RotationStatus } from '../../cluster/plan/rotation.ts';
import type { ReplicaStatus, Status as SeenStatus } from '../../cluster/plan/status.ts';
import type { LockOwner } from '../../state/errors.ts';
import { type About, commandLine, sayWarning } from './remedy.ts';
import { safe, safeAll } from './safe.ts';
import { nodeTable } from './status-nodes.ts';
import { type Style, width } from './style.ts';
import { table } from './table.ts';
import { spokenDuration } from './time.ts';
import { counted } from './words.ts';

type Status = SeenStatus & { readonly operation?: LockOwner | null; readonly guard?: readonly Deed[] };

/** What is, for people; on a narrow terminal without the columns that matter least. */
export function renderStatus(
  seen: Status,
  style: Style,
  columns: number = Number.POSITIVE_INFINITY,
  /** As the user named it: for the commands that are suggested. */
  store?: string,
): string[] {
  const status = safeAll(seen);
  const { cluster, provider, region, multizone } = status;
  const about = { cluster, store };
  const where = `${provider} ${region}${multizone ? ', multizone' : ''}`;
  return [
    `${style.bold(cluster)}  ${where}, Kubernetes ${status.kubernetesVersion}, etcd ${status.etcdVersion}`,
    `API   ${addressLine(status, style)}`,
    `etcd  ${etcdLine(status, style)}`,
    ...(status.backup ? [`backup ${backupLine(status.backup)}`] : []),
    ...(status.operation ? [style.warn(operationLine(status.operation))] : []),
    '',
    ...replicaTable(status, style, columns),
    ...nodeTable(status, style, columns),
    ...section(
      'unfinished',
      status.unfinished,
      style.warn,
      status.operation ? undefined : `${commandLine({ command: 'repair' }, about)} finishes it`,
    ),
    ...section(
      'warnings',
      status.warnings.map((warning) => sayWarning(warning, about)),
      style.warn,
    ),
    ...section(
      'rotations',
      status.rotations.flatMap((one) => rotationLines(one, about)),
      style.warn,
    ),
    ...section('the guard did last', (status.guard ?? []).map(deedLine), (text) => text),
    ...section('not as the spec wants it', differences(status, about), style.warn),
    ...(status.operation ? [] : wayOn(status, about)),
  ];
}

function differences({ replicas, operation }: Status, about: About): string[] {
  const lines = replicas.flatMap(({ name, differences }) =>
    differences.map((one) => `${name}: ${sayDifference(one)}`),
  );
  if (lines.length === 0 || operation) return lines;
  const first = replicas.find(({ differences }) => differences.length > 0)!;
  const command = commandLine({ command: 'replace-replica', replicas: [first.name] }, about);
  return [...lines, `nothing is touched for that alone; ${command} has a new one made as the spec wants it`];
}

function rotationLines({ what, phase, since, users }: RotationStatus, about: About): string[] {
  const remedy = { command: 'rotate', replicas: [what] } as const;
  const next = phase === 'both' ? remedy : { ...remedy, switches: ['finishRotation'] as const };
  return [
    `${what}: ${PHASES[phase]}${since === null ? '' : ` since ${since}`}; to go on: ${commandLine(next, about)}`,
    ...(users ?? []).map((user) => `  still used by ${user}`),
    ...(users?.length === 0 && phase !== 'both' ? ['  nobody is known to use the old one'] : []),
  ];
}

function deedLine({ at, duty, replica, reason, failed }: Deed): string {
  const what = `${new Date(at).toISOString().slice(0, 19)}Z ${duty}${replica === null ? '' : ` ${replica}`}: ${reason}`;
  return failed === null ? what : `${what}; it failed: ${failed}`;
}

/** Whoever has the lock is about to finish what is unfinished: a repair now would only be told so. */
function operationLine({ doing, pid, user, host, since }: LockOwner): string {
  return safe(`busy  ${doing} since ${since.slice(11, 19)} (pid ${pid} of ${user} on ${host})`);
}

/** What to type when something is down. */
function wayOn({ apiAddress, replicas, etcd, converged }: Status, about: About): string[] {
  if (etcd.quorumIs === 'lost' && etcd.voters > 0) {
    const rescue = commandLine({ command: 'rescue' }, about);
    return [`next: ${rescue} starts what can be started, and asks before anything is lost for ever`];
  }
  if (!converged || etcd.voters === 0 || etcd.healthy < etcd.quorum) return [];
  const dead = replicas.filter((replica) => isDead(replica));
  const ill =
    replicas.some((replica) => replica.apiServer !== 'ready' && !replica.unseen) ||
    apiAddress?.holder.kind === 'nobody';
  if (dead.length === 0 && !ill) return [];
  const repair = `next: ${commandLine({ command: 'repair' }, about)} starts again what can be started`;
  if (dead.length === 0) return ['', repair];
  const names = dead.map((replica) => replica.name);
  const command = commandLine({ command: 'replace-replica', replicas: names }, about);
  const replace = `${command} replaces ${dead.length > 1 ? 'them' : 'it'}`;
  return ['', `${repair};`, `      ${replace}`];
}

function isDead({ machine, etcd }: ReplicaStatus): boolean {
  return machine !== 'running' || !(etcd.healthy || etcd.unknown);
}

function backupLine({ last, everySeconds, to }: NonNullable<Status['backup']>): string {
  const newest = last ? `${last.id} of ${last.taken}, by ${last.by}` : 'none seen yet';
  return `${newest}; every ${spokenDuration(everySeconds * 1000)} to ${to}`;
}

function addressLine({ apiAddress, loadBalancer }: Status, style: Style): string {
  if (apiAddress === null) return style.bad('no address');
  const url = `https://${apiAddress.ip}:${apiAddress.port}`;
  const { kind, name } = apiAddress.holder;
  if (kind === 'nobody') return `${url}, ${style.bad('held by nobody')}`;
  if (kind === 'machine') return `${url}, held by ${name}`;
  const targets = loadBalancer?.targets ?? [];
  const healthy = targets.filter((target) => target.health === 'healthy').length;
  const health = `${healthy} of ${targets.length} healthy`;
  return `${url}, held by the load balancer (${healthy === targets.length ? health : style.bad(health)})`;
}

function etcdLine({ etcd }: Status, style: Style): string {
  const unknown = etcd.quorumIs === 'unknown' && 'haup cannot look at etcd: quorum unknown';
  const held = etcd.quorumIs === 'held' && 'haup cannot look at its members, but it has a quorum';
  if (etcd.voters === 0) return style.bad(held || unknown || 'no member answers: no quorum');
  const learners = etcd.learners > 0 ? ` and ${counted(etcd.learners, 'learner')}` : '';
  const members = `${counted(etcd.voters, 'voter')}${learners}, ${etcd.healthy} healthy, quorum ${etcd.quorum}`;
  if (etcd.healthy < etcd.quorum) return `${members}: ${style.bad(held || unknown || 'no quorum')}`;
  const tolerated = etcd.failuresTolerated;
  return `${members}: tolerates ${tolerated === 0 ? style.warn('no failure') : counted(tolerated, 'failure')}`;
}

interface Column {
  readonly head: string;
  readonly cell: (replica: ReplicaStatus) => string;
}

function replicaTable(status: Status, style: Style, columns: number): string[] {
  const health = new Map(status.loadBalancer?.targets.map((target) => [target.replica, target.health]));
  const shown: Column[] = [
    { head: 'REPLICA', cell: (replica) => replica.name },
    { head: 'ZONE', cell: (replica) => replica.zone },
    { head: 'MACHINE', cell: ({ machine }) => judged(machine, machine === 'running', style) },
    { head: 'API SERVER', cell: ({ apiServer }) => judged(apiServer, apiServer === 'ready', style) },
    { head: 'ETCD', cell: (replica) => etcdCell(replica, status.etcd.voters > 0, style) },
    ...(status.loadBalancer
      ? [{ head: 'TARGET', cell: (replica: ReplicaStatus) => targetCell(health.get(replica.name), style) }]
      : []),
    { head: 'INTERNAL', cell: (replica) => replica.internalIp ?? '–' },
    { head: 'EXTERNAL', cell: (replica) => replica.externalIp ?? '–' },
    { head: 'CERTIFICATE UNTIL', cell: (replica) => replica.certificateExpires?.slice(0, 10) ?? '–' },
  ];
  const needed = shown.length - 3;
  const lines = () =>
    table([
      shown.map(({ head }) => style.dim(head)),
      ...status.replicas.map((replica) => shown.map(({ cell }) => cell(replica))),
    ]);
  // From the right: addresses and dates can be had with -o json, what is well and what is not cannot be spared.
  while (shown.length > needed && Math.max(...lines().map(width)) > columns) shown.pop();
  return lines();
}

function etcdCell({ etcd }: ReplicaStatus, known: boolean, style: Style): string {
  if (etcd.role === 'missing') return style.bad(known ? 'missing' : '?');
  const { role, healthy, unknown } = etcd;
  return judged(
    healthy ? role : `${role}, ${unknown ? 'unknown' : 'unhealthy'}`,
    healthy && role !== 'learner',
    style,
  );
}

function targetCell(health: string | undefined, style: Style): string {
  return health === undefined ? '–' : judged(health, health === 'healthy', style);
}

function judged(text: string, good: boolean, style: Style): string {
  return good ? style.good(text) : style.bad(text);
}

function section(
  title: string,
  lines: readonly string[],
  mark: (text: string) => string,
  hint?: string,
): string[] {
  if (lines.length === 0) return [];
  return ['', mark(`${title}${hint ? ` (${hint})` : ''}:`), ...lines.map((line) => `  ${safe(line)}`)];
}
