/** Who could live on after a lost quorum, and who could bring it back. Pure. */

import { type MachineObservation, machineOf, memberOf, type Observation } from '../model/observation.ts';
import type { ClusterSpec } from '../model/spec.ts';

/** How far a survivor's log on its disk goes. */
export interface LogEnd {
  /** The last entry of which this member knows that a quorum has it; null where nobody could read that. */
  readonly commit: bigint | null;
  /** When the log was last written, milliseconds since the epoch by the operator's clock. */
  readonly writtenAt: number | null;
}

/**
 * Who could live on: it answers and has data that is a voter's, as far as anybody knows. In order of names. Whom a rescue has given up has
 * data of another history, whose log may go further and tells nothing of what was written since.
 */
export function survivorsOf(
  spec: Pick<ClusterSpec, 'givenUp'>,
  observation: Observation,
  fenced: readonly string[],
): readonly string[] {
  return ofThisCluster(spec, observation.machines)
    .filter(({ name, inside }) => {
      const member = memberOf(observation, name);
      return inside?.provisioned && inside.etcdData && !member?.learner && !fenced.includes(name);
    })
    .map(({ name }) => name)
    .sort();
}

/**
 * Names of those with which a majority comes back and nothing is lost, as soon as their machines and their etcd are started;
 * none where that is too few, or where all of it runs already.
 */
export function revivable(
  spec: ClusterSpec,
  observation: Observation,
  fenced: readonly string[],
): readonly string[] {
  const voters = votersOf(spec, observation);
  const machines = voters.flatMap((name) => machineOf(observation, name) ?? []);
  const able = machines.filter((machine) => !fenced.includes(machine.name) && hasData(machine));
  const asleep = able.filter(({ inside }) => inside?.etcd !== 'running');
  // Who is not in the spec is started by nobody.
  const wanted = asleep.filter(({ name }) => spec.replicas.some((replica) => replica.name === name));
  const running = able.length - asleep.length;
  return (running + wanted.length) * 2 > voters.length ? wanted.map(({ name }) => name) : [];
}

/** Of a stopped machine it is assumed. */
function hasData({ state, inside }: MachineObservation): boolean {
  return state === 'stopped' || Boolean(inside?.provisioned && inside.etcdData);
}

/**
 * Stopped machines that may have what no backup has: nobody can look into them, and nobody has said that they stay away. In order of names.
 */
export function stoppedOf(
  spec: Pick<ClusterSpec, 'givenUp'>,
  observation: Observation,
  fenced: readonly string[],
): readonly string[] {
  return ofThisCluster(spec, observation.machines)
    .filter(
      ({ name, state }) =>
        state === 'stopped' && !memberOf(observation, name)?.learner && !fenced.includes(name),
    )
    .map(({ name }) => name)
    .sort();
}

/** Of the last list that is known; without one, whom the spec wants. */
export function votersOf(spec: ClusterSpec, { etcd }: Observation): readonly string[] {
  const known = etcd.members.filter(({ learner }) => !learner).map(({ name }) => name);
  return known.length > 0 ? known : spec.replicas.map(({ name }) => name);
}

/**
 * Who has seen most; under equals, who is a member as far as anybody knows (one that was removed has data that etcd takes no more),
 * then by name. Who could not be read is the last choice.
 */
export function bestOf(
  survivors: readonly string[],
  ends: ReadonlyMap<string, LogEnd>,
  observation: Observation,
): string | undefined {
  const seen = (name: string): bigint => ends.get(name)?.commit ?? -1n;
  const isMember = (name: string): number => Number(memberOf(observation, name) !== undefined);
  const order = (a: string, b: string): number =>
    seen(a) === seen(b) ? isMember(b) - isMember(a) : seen(b) > seen(a) ? 1 : -1;
  return survivors.toSorted(order)[0];
}

/** Machines whose etcd can be the cluster's: two of the old one that find each other again outnumber the survivor. */
export function ofThisCluster<M extends { readonly name: string }>(
  { givenUp = [] }: Pick<ClusterSpec, 'givenUp'>,
  machines: readonly M[],
): readonly M[] {
  return machines.filter(({ name }) => !givenUp.includes(name));
}
