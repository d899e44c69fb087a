import type { Observation } from '../../src/cluster/model/observation.ts';
import type { ClusterSpec } from '../../src/cluster/model/spec.ts';
import { converged, powerOff } from './clusters.ts';

/** Clusters whose etcd has lost its quorum. */

export function lostOf(spec: ClusterSpec, ...names: string[]): Observation {
  return powerOff(converged(spec), ...names);
}

/** Machines that are switched on and that nobody reaches. */
export function hidden(o: Observation, ...names: string[]): Observation {
  const machines = o.machines.map((m) =>
    names.includes(m.name) ? { ...m, state: 'running' as const, inside: null } : m,
  );
  return { ...o, machines };
}

export function without(o: Observation, ...names: string[]): Observation {
  return { ...o, machines: o.machines.filter(({ name }) => !names.includes(name)) };
}

/** All run, and nobody finds anybody. */
export function apart(spec: ClusterSpec): Observation {
  const o = converged(spec);
  return { ...o, etcd: { ...o.etcd, readable: false } };
}
