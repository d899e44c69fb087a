import { type Deed, type Duty, duties } from '../cluster/model/guard.ts';
import type { Status } from '../cluster/plan/status.ts';

/** What a look has shown, for who watches from outside. */
export interface Seen {
  readonly status: Status;
  /** What is met at the API address instead of an answer; null: it answers, or is not to yet. */
  readonly unanswered: string | null;
  /** What each member of etcd that answered has on its disk, in bytes. */
  readonly databases: readonly { readonly member: string; readonly bytes: number; readonly inUse: number }[];
}

/** What a guard has met since it began. */
export interface Tally {
  readonly cluster: string;
  /** The last look that succeeded; null: none has yet. */
  readonly last: (Seen & { readonly at: number; readonly waits: number }) | null;
  readonly looks: { readonly ok: number; readonly failed: number };
  readonly deeds: readonly { readonly duty: Duty; readonly failed: boolean }[];
}

export function newTally(cluster: string): Tally {
  return { cluster, last: null, looks: { ok: 0, failed: 0 }, deeds: [] };
}

/** After one more look; `at` in milliseconds since the epoch. Pure. */
export function withSeen(
  tally: Tally,
  {
    seen,
    deed,
    waits,
  }: { readonly seen: Seen | null; readonly deed: Deed | null; readonly waits: readonly string[] },
  at: number,
): Tally {
  return {
    ...tally,
    last: seen && { ...seen, at, waits: waits.length },
    looks: { ...tally.looks, ok: tally.looks.ok + 1 },
    deeds: deed ? [...tally.deeds, { duty: deed.duty, failed: deed.failed !== null }] : tally.deeds,
  };
}

/** After one more look that failed. Pure. */
export function withFailedLook(tally: Tally): Tally {
  return { ...tally, looks: { ...tally.looks, failed: tally.looks.failed + 1 } };
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

interface Family {
  readonly name: `haup_${string}`;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** Prometheus' text format, version 0.0.4. What could not be seen is not there, rather than 0. Pure. */
export function metricsText(tally: Tally): string {
  const lines = families(tally).flatMap(({ name, type, help, samples }) =>
    samples.length === 0
      ? []
      : [
          `# HELP ${name} ${help}`,
          `# TYPE ${name} ${type}`,
          ...samples.map(
            ([labels, value]) => `${name}${labelled({ cluster: tally.cluster, ...labels })} ${value}`,
          ),
        ],
  );
  return `${lines.join('\n')}\n`;
}

/** Also those that have no sample now: what a page of alerts may ask for. */
export function metricNames(): readonly string[] {
  return families(newTally('')).map(({ name }) => name);
}

function families(tally: Tally): readonly Family[] {
  return [...ofGuard(tally), ...ofCluster(tally.last), ...ofReplicas(tally.last), ...ofEtcd(tally.last)];
}

function ofGuard({ last, looks, deeds }: Tally): readonly Family[] {
  const done = duties.flatMap((duty) =>
    [false, true].map((failed): Sample => {
      const count = deeds.filter((deed) => deed.duty === duty && deed.failed === failed).length;
      return [{ duty, outcome: failed ? 'failed' : 'done' }, count];
    }),
  );
  return [
    counter('haup_guard_looks_total', 'Looks at the cluster since the guard began.', [
      [{ outcome: 'ok' }, looks.ok],
      [{ outcome: 'failed' }, looks.failed],
    ]),
    counter('haup_guard_deeds_total', 'What the guard did since it began.', done),
    gauge(
      'haup_guard_last_look_timestamp_seconds',
      'When the guard last saw the cluster.',
      last && [[{}, last.at / 1000]],
    ),
    gauge(
      'haup_guard_waits',
      'Things that are wrong and that the guard leaves as they are.',
      last && [[{}, last.waits]],
    ),
  ];
}

function ofCluster(last: Tally['last']): readonly Family[] {
  const status = last?.status;
  const { backup } = status ?? {};
  return [
    gauge(
      'haup_cluster_info',
      'Always 1; what the cluster is.',
      status && [
        [
          {
            provider: status.provider,
            kubernetes_version: status.kubernetesVersion,
            etcd_version: status.etcdVersion,
          },
          1,
        ],
      ],
    ),
    gauge('haup_cluster_converged', '1 if nothing is unfinished.', status && [[{}, bit(status.converged)]]),
    gauge('haup_cluster_warnings', 'Warnings about the cluster.', status && [[{}, status.warnings.length]]),
    gauge(
      'haup_api_address_held',
      '1 for who has the API address: machine, balancer, or nobody.',
      status?.apiAddress && [[{ holder: status.apiAddress.holder.kind }, 1]],
    ),
    gauge(
      'haup_api_answers',
      '1 if the API answers the guard at its address.',
      status && answers(status, last!.unanswered),
    ),
    gauge(
      'haup_balancer_target_healthy',
      '1 if the load balancer finds the replica healthy.',
      status?.loadBalancer?.targets.map(({ replica, health }) => [{ replica }, bit(health === 'healthy')]),
    ),
    gauge(
      'haup_backup_last_timestamp_seconds',
      'Of when the newest backup is.',
      backup?.last && [[{}, Date.parse(backup.last.taken) / 1000]],
    ),
    gauge(
      'haup_backup_well',
      '1 if backups come in time and do not fail; absent while no master could say anything of one, and none is due.',
      backup && (backup.last || backup.failure || backup.late)
        ? [[{}, bit(!backup.late && backup.failure === null)]]
        : null,
    ),
  ];
}

function ofReplicas(last: Tally['last']): readonly Family[] {
  const replicas = last?.status.replicas ?? [];
  return [
    gauge(
      'haup_replica_machine_running',
      '1 if the cloud says that the machine runs.',
      replicas.map(({ name, zone, machine }) => [{ replica: name, zone }, bit(machine === 'running')]),
    ),
    gauge(
      'haup_replica_api_server_ready',
      '1 if the API server on the machine is ready; absent while nobody can say.',
      replicas
        .filter(({ unseen }) => unseen === null)
        .map(({ name, zone, apiServer }) => [{ replica: name, zone }, bit(apiServer === 'ready')]),
    ),
    gauge(
      'haup_replica_certificate_expiry_timestamp_seconds',
      'When the first of the certificates on the machine ends.',
      replicas.flatMap(({ name, zone, certificateExpires }): Sample[] =>
        certificateExpires ? [[{ replica: name, zone }, Date.parse(certificateExpires) / 1000]] : [],
      ),
    ),
    gauge(
      'haup_etcd_member_healthy',
      '1 if the member of etcd answers, follows the leader and is not behind; absent while nobody can say.',
      replicas
        .filter(({ etcd }) => etcd.role !== 'missing' && !etcd.unknown)
        .map(({ name, zone, etcd }) => [{ replica: name, zone }, bit(etcd.healthy)]),
    ),
  ];
}

function ofEtcd(last: Tally['last']): readonly Family[] {
  const etcd = last?.status.etcd;
  const seen = etcd && etcd.quorumIs !== 'unknown' ? etcd : undefined;
  // A quorum that is held by the API's word alone, without a healthy member: nobody has seen one.
  const counted = seen?.quorumIs === 'held' && seen.healthy === 0 ? undefined : seen;
  const listed = etcd && etcd.voters > 0 ? etcd : undefined;
  const databases = last?.databases ?? [];
  return [
    gauge(
      'haup_etcd_has_quorum',
      '1 if etcd has a quorum; absent while nobody can say.',
      seen && [[{}, bit(seen.quorumIs === 'held')]],
    ),
    gauge('haup_etcd_voters', 'Voting members of etcd.', listed && [[{}, listed.voters]]),
    gauge(
      'haup_etcd_healthy_voters',
      'Voting members of etcd that are healthy.',
      counted && [[{}, counted.healthy]],
    ),
    gauge('haup_etcd_learners', 'Members of etcd that do not vote yet.', listed && [[{}, listed.learners]]),
    gauge(
      'haup_etcd_failures_tolerated',
      'How many more voters may fail.',
      counted && [[{}, counted.failuresTolerated]],
    ),
    gauge(
      'haup_etcd_alarm',
      '1 for each alarm that etcd has raised: NOSPACE, CORRUPT.',
      etcd?.alarms.map(({ member, alarm }) => [{ replica: member, alarm }, 1]),
    ),
    gauge(
      'haup_etcd_database_bytes',
      "The member's database on its disk.",
      databases.map(({ member, bytes }) => [{ replica: member }, bytes]),
    ),
    gauge(
      'haup_etcd_database_in_use_bytes',
      "What of the member's database holds anything.",
      databases.map(({ member, inUse }) => [{ replica: member }, inUse]),
    ),
  ];
}

/** Nothing is known of an API that is not to answer yet. One whose address nobody has any more does not. */
function answers({ apiAddress, etcd }: Status, unanswered: string | null): readonly Sample[] | null {
  if (!apiAddress || etcd.voters === 0) return null;
  return [[{}, bit(unanswered === null && apiAddress.holder.kind !== 'nobody')]];
}

function gauge(name: Family['name'], help: string, samples: readonly Sample[] | null | undefined): Family {
  return { name, type: 'gauge', help, samples: samples ?? [] };
}

function counter(name: `haup_${string}_total`, help: string, samples: readonly Sample[]): Family {
  return { name, type: 'counter', help, samples };
}

function bit(is: boolean): number {
  return is ? 1 : 0;
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };

function labelled(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (letter) => escapes[letter]!)}"`,
  );
  return `{${pairs.join(',')}}`;
}
