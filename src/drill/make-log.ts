import type { ClusterSpec } from '../cluster/model/spec.ts';
import { type ClientName, clientNames } from './clients/index.ts';
import type { Sample } from './clients/load.ts';
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
    acts: [...seen.acts],
    clients: perClient((name) => records.samples[name].map(logged)),
    errors: perClient((name) => counted(records.samples[name])),
    moments: seen.moments.map((moment) => ({ ...moment, at: since(moment.at) })),
    acknowledged: records.acknowledged,
    violations: [...records.violations],
    unheard: records.unheard,
    goals: [...goals],
  };
}

function perClient<T>(of: (name: ClientName) => T): Record<ClientName, T> {
  return Object.fromEntries(clientNames.map((name) => [name, of(name)])) as Record<ClientName, T>;
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
