import { machineOf, memberOf, type Observation } from '../model/observation.ts';
import type { ClusterSpec } from '../model/spec.ts';
import type { Warning } from '../model/warning.ts';
import { type BackupStatus, backupStatus, backupWarnings } from './backup-status.ts';
import { blindness, warningsOf } from './health.ts';
import { next } from './next.ts';
import { nodeCertificateWarnings } from './nodes/node-certificates.ts';
import { type NodeStatus, nodeStatuses, nodeWarnings } from './nodes/node-status.ts';
import { type RevisionStatus, revisionStatus } from './revision/report.ts';
import { type RotationStatus, rotationsOf, type UsersOfOld } from './rotation.ts';
import { standing } from './standing.ts';
import { describe } from './step.ts';

/** What `haup status -o json` answers, but for the sentences: other people's scripts rely on it. */
export interface Status {
  readonly cluster: string;
  readonly provider: string;
  readonly region: string;
  readonly multizone: boolean;
  readonly kubernetesVersion: string;
  readonly etcdVersion: string;
  readonly apiAddress: {
    readonly ip: string;
    readonly port: number;
    readonly holder: { readonly kind: 'machine' | 'balancer' | 'nobody'; readonly name: string | null };
  } | null;
  readonly loadBalancer: {
    readonly name: string;
    readonly targets: readonly {
      readonly replica: string;
      readonly health: 'healthy' | 'unhealthy' | 'draining';
    }[];
  } | null;
  readonly replicas: readonly ReplicaStatus[];
  readonly nodes: readonly NodeStatus[];
  readonly etcd: {
    readonly voters: number;
    readonly learners: number;
    readonly quorum: number;
    readonly healthy: number;
    readonly failuresTolerated: number;
    /** `held` whatever haup itself sees, if a read that needs a quorum succeeds; `unknown` when nobody can say. */
    readonly quorumIs: 'held' | 'lost' | 'unknown';
    /** Standing alarms: NOSPACE, CORRUPT. */
    readonly alarms: readonly { readonly member: string; readonly alarm: string }[];
  };
  /** Null where none are wanted. */
  readonly backup: BackupStatus | null;
  /** Authorities and keys that are being given successors. */
  readonly rotations: readonly RotationStatus[];
  readonly converged: boolean;
  /** The steps that `haup repair` would run, as sentences. */
  readonly unfinished: readonly string[];
  /** As sentences, once the command line has spelled their remedies. */
  readonly warnings: readonly Warning[];
}

export interface ReplicaStatus extends RevisionStatus {
  readonly name: string;
  readonly zone: string;
  readonly internalIp: string | null;
  readonly externalIp: string | null;
  readonly machine: 'running' | 'stopped' | 'missing';
  readonly apiServer: 'ready' | 'unready' | 'unreachable';
  /** Why haup cannot look inside a machine that runs, in its own words where it has some; null when it can. */
  readonly unseen: string | null;
  readonly etcd: {
    readonly id: string | null;
    readonly role: 'leader' | 'follower' | 'learner' | 'unstarted' | 'missing';
    readonly healthy: boolean;
    /** Nobody could ask it, and nothing says that it is gone: not healthy means nothing then. */
    readonly unknown: boolean;
  };
  /** RFC 3339, of the one that ends first. */
  readonly certificateExpires: string | null;
}

/**
 * What is, in the words of the command line. Pure; `now` in milliseconds since the epoch, for what expires; `unanswered`
 * what a client meets at the API address instead of an answer; `users` who still uses what is being given up.
 */
export function statusOf(
  spec: ClusterSpec,
  observation: Observation,
  now: number,
  unanswered: string | null = null,
  users: UsersOfOld = {},
): Status {
  const { address, balancer } = observation;
  const { steps, blocked } = next(spec, observation);
  const nodes = nodeStatuses(spec, observation);
  const { voters, learners, quorum, healthy, failuresTolerated } = standing(observation);
  const names = new Set([
    ...spec.replicas.map((replica) => replica.name),
    ...observation.machines.map((machine) => machine.name),
    ...observation.etcd.members.map((member) => member.name),
  ]);
  return {
    cluster: spec.name,
    provider: spec.provider,
    region: spec.region,
    multizone: spec.multizone,
    kubernetesVersion: spec.kubernetesVersion,
    etcdVersion: spec.etcdVersion,
    apiAddress: address && {
      ip: address.ip,
      port: spec.apiPort,
      holder: {
        kind: address.holder.kind,
        name:
          address.holder.kind === 'machine'
            ? address.holder.name
            : (address.holder.kind === 'balancer' && balancer?.name) || null,
      },
    },
    loadBalancer: balancer && { name: balancer.name, targets: balancer.targets },
    replicas: [...names].map((name) => replicaStatus(spec, observation, name)),
    nodes,
    etcd: {
      voters,
      learners,
      quorum,
      healthy,
      failuresTolerated,
      quorumIs: observation.etcd.readable ? 'held' : (observation.etcd.quorum ?? 'lost'),
      alarms: observation.etcd.alarms ?? [],
    },
    backup: backupStatus(spec, observation, now),
    rotations: rotationsOf(spec, users),
    converged: steps.length === 0 && blocked.length === 0,
    unfinished: [...steps.map(describe), ...blocked.map((b) => b.message)],
    warnings: [
      ...(unanswered
        ? [`the API does not answer at https://${address?.ip}:${spec.apiPort}: ${unanswered}`]
        : []),
      ...warningsOf(spec, observation, now),
      ...nodeWarnings(spec, observation, nodes),
      ...nodeCertificateWarnings(spec, observation, now),
      ...backupWarnings(spec, observation, now),
    ],
  };
}

function replicaStatus(spec: ClusterSpec, observation: Observation, name: string): ReplicaStatus {
  const machine = machineOf(observation, name);
  const member = memberOf(observation, name);
  const zone = machine?.zone ?? spec.replicas.find((replica) => replica.name === name)?.zone ?? '';
  const inside = machine?.state === 'running' ? machine.inside : null;
  return {
    name,
    zone,
    internalIp: machine?.internalIp ?? null,
    externalIp: machine?.externalIp ?? null,
    machine: machine?.state ?? 'missing',
    unseen: machine?.state === 'running' && !inside && machine.lookFailure ? blindness(machine) : null,
    apiServer: inside ? (inside.apiServer === 'ready' ? 'ready' : 'unready') : 'unreachable',
    etcd: {
      id: member?.id ?? null,
      role: roleOf(member),
      healthy: member?.healthy ?? false,
      unknown: member?.unseen ?? false,
    },
    certificateExpires: inside?.certificateExpires ?? null,
    ...revisionStatus(observation, name),
  };
}

function roleOf(member: ReturnType<typeof memberOf>): ReplicaStatus['etcd']['role'] {
  if (!member) return 'missing';
  if (!member.started) return 'unstarted';
  if (member.learner) return 'learner';
  return member.leader ? 'leader' : 'follower';
}
