import type { ReplicaStatus, Status } from '../../cluster/status.ts';
import type { Style } from './style.ts';
import { table } from './table.ts';
import { counted, safe } from './words.ts';

/** What is, for people. */
export function renderStatus(status: Status, style: Style): string[] {
  const { cluster, provider, region, multizone } = status;
  const where = `${provider} ${region}${multizone ? ', several zones' : ''}`;
  return [
    `${style.bold(cluster)}  ${where}, Kubernetes ${status.kubernetesVersion}, etcd ${status.etcdVersion}`,
    `API   ${addressLine(status, style)}`,
    `etcd  ${etcdLine(status, style)}`,
    '',
    ...replicaTable(status, style),
    ...section('unfinished', status.unfinished, style.warn, `haup repair -c ${cluster} finishes it`),
    ...section('warnings', status.warnings, style.warn),
  ];
}

function addressLine({ apiAddress, loadBalancer }: Status, style: Style): string {
  if (apiAddress === null) return style.bad('no address');
  const url = `https://${apiAddress.ip}:${apiAddress.port}`;
  const { kind, name } = apiAddress.holder;
  if (kind === 'nobody') return `${url}, ${style.bad('held by nobody')}`;
  if (kind === 'machine') return `${url}, held by ${name}`;
  const targets = loadBalancer?.targets ?? [];
  const healthy = targets.filter((target) => target.health === 'healthy').length;
  const health = `${healthy} of ${counted(targets.length, 'target')} healthy`;
  return `${url}, held by the load balancer (${healthy === targets.length ? health : style.bad(health)})`;
}

function etcdLine({ etcd }: Status, style: Style): string {
  const learners = etcd.learners > 0 ? ` and ${counted(etcd.learners, 'learner')}` : '';
  const members = `${counted(etcd.voters, 'voter')}${learners}, ${etcd.healthy} healthy, quorum ${etcd.quorum}`;
  if (etcd.healthy < etcd.quorum || etcd.voters === 0) return `${members}: ${style.bad('no quorum')}`;
  const tolerated = etcd.failuresTolerated;
  return `${members}: tolerates ${tolerated === 0 ? style.warn('no failure') : counted(tolerated, 'failure')}`;
}

function replicaTable(status: Status, style: Style): string[] {
  const balanced = status.loadBalancer !== null;
  const head = [
    'REPLICA',
    'ZONE',
    'MACHINE',
    'API SERVER',
    'ETCD',
    ...(balanced ? ['TARGET'] : []),
    'INTERNAL',
    'EXTERNAL',
    'CERTIFICATE UNTIL',
  ];
  const health = new Map(status.loadBalancer?.targets.map((target) => [target.replica, target.health]));
  const rows = status.replicas.map((replica) => [
    replica.name,
    replica.zone,
    judged(replica.machine, replica.machine === 'running', style),
    judged(replica.apiServer, replica.apiServer === 'ready', style),
    etcdCell(replica, style),
    ...(balanced ? [targetCell(health.get(replica.name), style)] : []),
    replica.internalIp ?? '–',
    replica.externalIp ?? '–',
    replica.certificateExpires?.slice(0, 10) ?? '–',
  ]);
  return table([head.map(style.dim), ...rows]);
}

function etcdCell({ etcd }: ReplicaStatus, style: Style): string {
  return judged(
    etcd.healthy ? etcd.role : `${etcd.role}, unhealthy`,
    etcd.healthy && etcd.role !== 'learner',
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
