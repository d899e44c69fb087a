/**
 * What commands make of a spec. Pure: each takes what should be and what is, and gives what should be from now on, or
 * throws why not. Whether the way there is safe is the plan's affair, not theirs.
 */
import { InputError, NotFoundError, Refusal } from '../model/errors.ts';
import { MAX_REPLICAS } from '../model/names.ts';
import { machineOf, memberOf, type Observation } from '../model/observation.ts';
import {
  type ClusterSpec,
  type ReplicaSpec,
  type Revisable,
  replicaZones,
  revisable,
  revised,
} from '../model/spec.ts';
import { sightOfEtcd } from './health.ts';
import { isPastReturn } from './no-return.ts';
import { withSettledNodes } from './nodes/settled-nodes.ts';

/** Gives a name that the cluster has never used. */
export type NameMaker = (cluster: string, used: readonly string[]) => string;

/** One replica for each zone named. */
export function withReplicas(spec: ClusterSpec, zones: readonly string[], nameOf: NameMaker): ClusterSpec {
  if (spec.replicas.length + zones.length > MAX_REPLICAS) {
    throw new InputError(
      `a cluster has at most ${MAX_REPLICAS} replicas; ${spec.name} would have ${spec.replicas.length + zones.length}`,
    );
  }
  const grown = { ...spec, replicas: [...spec.replicas], usedNames: [...spec.usedNames] };
  for (const zone of zones) {
    const name = nameOf(spec.name, grown.usedNames);
    grown.replicas.push({ name, zone });
    grown.usedNames.push(name);
  }
  const [first, ...others] = replicaZones(grown);
  if (!grown.multizone && others.length > 0) {
    throw new Refusal(`${spec.name} is made for one zone (${first}); ${others.join(', ')} would be another`, {
      to: 'make a cluster over several zones',
      command: 'create',
      cluster: spec.replicas.length === 0 ? spec.name : 'NAME',
      switches: ['multizone'],
    });
  }
  return grown;
}

export type Removal =
  | { readonly names: readonly string[] }
  | { readonly zone: string | undefined; readonly count: number };

export function withoutReplicas(spec: ClusterSpec, observation: Observation, removal: Removal): ClusterSpec {
  const names = 'names' in removal ? removal.names : chooseReplicas(spec, observation, removal);
  for (const name of names) find(spec, name);
  const replicas = spec.replicas.filter((replica) => !names.includes(replica.name));
  if (replicas.length === 0) {
    throw new Refusal(
      `${names.join(', ')} ${names.length > 1 ? 'are' : 'is'} all that ${spec.name} has: the last replica is never removed`,
      { to: 'delete the whole cluster', command: 'delete', cluster: spec.name },
    );
  }
  return { ...spec, replicas };
}

/** Replicas are to have something else on them: one at a time. `id` is of lower-case letters and digits, and never given twice. */
export function withRevision(spec: ClusterSpec, wanted: Revisable, id: string): ClusterSpec {
  return { ...revised(spec, wanted), change: { id, before: revisable(spec) } };
}

/**
 * As {@link withRevision} of a single replica, by a successor that has it from the start and takes the address over: that is a shorter
 * interruption than a restart.
 */
export function withSurge(spec: ClusterSpec, wanted: Revisable, id: string, nameOf: NameMaker): ClusterSpec {
  const [only, other] = spec.replicas;
  if (!only || other) {
    throw new InputError(
      `a successor takes over from a single replica; ${spec.name} has ${spec.replicas.length}, of which one is changed at a time, and nobody notices`,
    );
  }
  const replaced = withReplacements(revised(spec, wanted), [only.name], nameOf);
  return { ...replaced, change: { id, before: revisable(spec), surge: only } };
}

/**
 * A successor in the same zone for each, or in that of `zones`, by the name of who leaves. Several dead ones go together: etcd adds nothing
 * while any is still listed.
 */
export function withReplacements(
  spec: ClusterSpec,
  names: readonly string[],
  nameOf: NameMaker,
  zones: Readonly<Record<string, string>> = {},
): ClusterSpec {
  for (const name of names) find(spec, name);
  const usedNames = [...spec.usedNames];
  const replicas = spec.replicas.map((replica) => {
    if (!names.includes(replica.name)) return replica;
    const successor = nameOf(spec.name, usedNames);
    usedNames.push(successor);
    return { name: successor, zone: zones[replica.name] ?? replica.zone };
  });
  return { ...spec, replicas, usedNames };
}

/**
 * Settles for what is there: the replicas are the voters of now, the nodes are those that have joined, also where they were to leave. What
 * has not become one is not waited for, what has left does not come back. Without a voter ever, there is nothing to keep.
 */
export function abandoned(wish: ClusterSpec, observation: Observation): ClusterSpec {
  if (wish.deleting || !observation.remembered.bootstrapped) return { ...wish, deleting: true };
  const spec = withSettledNodes(wish, observation);
  if (!observation.etcd.readable) {
    if (observation.etcd.quorum === 'held' || observation.etcd.quorum === 'unknown') {
      throw new Refusal(
        `${sightOfEtcd(observation)}; so nobody can say who its voters are`,
        'mend what keeps haup from looking, then try again; nothing was changed',
      );
    }
    throw new Refusal('etcd has no quorum or cannot be reached, so nobody can say who its voters are', [
      { to: 'bring a majority of the machines back', command: 'repair', cluster: spec.name },
      { to: 'or go on with a survivor', command: 'rescue', cluster: spec.name },
      'docs/runbooks/lost-quorum.md says more',
    ]);
  }
  const voters = observation.etcd.members.filter((member) => !member.learner);
  const before = withoutSurge(spec);
  if (before && voters.some(({ name }) => name === before.replicas[0]?.name)) return before;
  const replicas = voters.flatMap((member): ReplicaSpec[] => {
    const zone =
      spec.replicas.find((r) => r.name === member.name)?.zone ?? machineOf(observation, member.name)?.zone;
    return zone === undefined ? [] : [{ name: member.name, zone }];
  });
  const known = spec.replicas.filter((replica) => replicas.some((r) => r.name === replica.name));
  const returning = replicas.filter((replica) => !known.some((r) => r.name === replica.name));
  const { rescue: _, ...kept } = turnedRound(spec, observation);
  return { ...kept, replicas: [...known, ...returning] };
}

/** As it was before a change by a successor; undefined where none is under way. */
export function withoutSurge(spec: ClusterSpec): ClusterSpec | undefined {
  const { change } = spec;
  if (!change?.surge) return undefined;
  const { change: _, ...kept } = revised(spec, change.before);
  return { ...kept, replicas: [change.surge] };
}

/** A change that is given up half-way becomes the change back, unless it is that already. */
function turnedRound(spec: ClusterSpec, observation: Observation): ClusterSpec {
  const { change } = spec;
  if (!change || change.back !== undefined || change.returns) return spec;
  if (isPastReturn(spec, observation)) {
    throw new Refusal(
      `all of ${spec.name} is on etcd ${spec.etcdVersion} already: ${change.before.etcdVersion} does not read the data of a newer minor`,
      [
        { to: 'go on with it', command: 'repair', cluster: spec.name },
        'or restore a backup of before into a new cluster',
      ],
    );
  }
  return {
    ...revised(spec, change.before),
    change: { id: `${change.id.slice(0, 31)}r`, before: revisable(spec), returns: true },
  };
}

function find(spec: ClusterSpec, name: string): ReplicaSpec {
  const replica = spec.replicas.find((candidate) => candidate.name === name);
  if (replica) return replica;
  const names = spec.replicas.map((candidate) => candidate.name);
  throw new NotFoundError(`replica of ${spec.name}`, name, names);
}

/**
 * Which of a zone (or of all) to remove: what is not healthy first, so that the survivors are; then from the fullest
 * zone, to keep the spread; then anything but the etcd leader, to spare an election; then the youngest.
 */
export function chooseReplicas(
  spec: ClusterSpec,
  observation: Observation,
  { zone, count }: { readonly zone: string | undefined; readonly count: number },
): string[] {
  const inZone = (replica: ReplicaSpec): boolean => zone === undefined || replica.zone === zone;
  const candidates = spec.replicas.filter(inZone);
  if (candidates.length === 0)
    throw new NotFoundError(`zone with replicas of ${spec.name}`, zone ?? '', replicaZones(spec));
  if (candidates.length < count) {
    throw new InputError(
      `there ${candidates.length === 1 ? 'is' : 'are'} ${candidates.length} to remove${zone ? ` in ${zone}` : ''}, not ${count}`,
    );
  }
  let left = spec.replicas;
  const chosen: string[] = [];
  while (chosen.length < count) {
    const score = (replica: ReplicaSpec): number[] => {
      const member = memberOf(observation, replica.name);
      const ready = machineOf(observation, replica.name)?.inside?.apiServer === 'ready';
      return [
        // One that could not be seen is no worse than the others for that.
        member?.unseen || (member?.healthy && ready) ? 0 : 1,
        left.filter((other) => other.zone === replica.zone).length,
        member?.leader ? 0 : 1,
        spec.replicas.indexOf(replica),
      ];
    };
    const best = left.filter(inZone).toSorted((a, b) => compare(score(b), score(a)))[0]!;
    chosen.push(best.name);
    left = left.filter((replica) => replica !== best);
  }
  return chosen;
}

/** By the first that differs: the last of a score is another for each replica. */
function compare(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((value, i) => value !== b[i]);
  return a[index]! - b[index]!;
}
