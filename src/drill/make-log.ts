import type { ClusterSpec } from '../cluster/model/spec.ts';
import type { Sample } from './clients/load.ts';
import { perClient } from './clients/names.ts';
import type { Goal } from './goals.ts';
import type { DrillLog, LoggedSample } from './log.ts';
import type { Seen } from './run.ts';

export interface Told {
  readonly spec: ClusterSpec;
  readonly haup: string;
  readonly holdMs: number;
  readonly goals: readonly Goal[];
}

/** What was seen, on one clock that begins with the drill. Pure. */
export function makeLog(seen: Seen, { spec, haup, holdMs, goals }: Told): DrillLog {
  const { records, zero, ms } = seen;
  const since = (moment: number): number => Math.max(0, Math.round(moment - zero));
  const logged = ({ began, ended, error }: Sample): LoggedSample => [
    since(began),
    Math.max(0, Math.round(ended - began)),
    error === null ? 0 : 1,
  ];
  return {
    format: 1,
    haup,
    cluster: spec.name,
    provider: spec.provider,
    kubernetesVersion: spec.kubernetesVersion,
    etcdVersion: spec.etcdVersion,
    began: new Date(seen.began).toISOString(),
    ms,
    holdMs,
    replicas: spec.replicas.map(({ name, zone }) => ({ name, zone })),
    ...(spec.nodes.length > 0 && { nodes: spec.nodes.map(({ name, zone }) => ({ name, zone })) }),
    acts: [...seen.acts],
    ...(records.workload !== null && { workload: records.workload }),
    clients: perClient(records.samples, (samples) => samples.map(logged)),
    errors: perClient(records.samples, counted) as DrillLog['errors'],
    moments: seen.moments.map((moment) => ({ ...moment, at: since(moment.at) })),
    acknowledged: records.acknowledged,
    violations: [...records.violations],
    unheard: records.unheard,
    goals: [...goals],
  };
}

/** Errors without what differs from one to the next. */
function counted(samples: readonly Sample[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { error } of samples) {
    if (error === null) continue;
    const words = error.slice(0, 120);
    counts[words] = (counts[words] ?? 0) + 1;
  }
  return counts;
}
