/** What `haup rescue` makes of a spec. Pure. */

import type { Remedy } from '../../util/remedy.ts';
import { rfc3339 } from '../../util/text/rfc3339.ts';
import { InputError, NotFoundError, Refusal } from '../model/errors.ts';
import { MOST_ENCRYPTION_KEYS, orderOf } from '../model/generations.ts';
import { machineOf, type Observation } from '../model/observation.ts';
import { type ClusterSpec, type ReplicaSpec, type Rescue, wanted } from '../model/spec.ts';
import { sightOfEtcd } from './health.ts';
import type { NameMaker } from './spec-changes.ts';
import { bestOf, type LogEnd, revivable, stoppedOf, survivorsOf, votersOf } from './survivors.ts';

export interface RescueRequest {
  /** Of these the operator says that they stay away for good, whatever they are now. */
  readonly fenced: readonly string[];
  readonly ends: ReadonlyMap<string, LogEnd>;
  /** What is restored where nobody survived, or was asked for whoever did; absent: there is none. */
  readonly backup?: RescueBackup | undefined;
  readonly nameOf: NameMaker;
}

export interface RescueBackup {
  readonly id: string;
  /** RFC 3339 */
  readonly taken: string;
  /** The operator names it: then no survivor is taken instead. */
  readonly asked: boolean;
}

/**
 * The spec that a lost quorum is given up with: the survivor that has seen most, and newcomers in the places of all others. The
 * same spec where a majority can be started again.
 * @throws Refusal where there is a quorum, where nobody can tell, without a survivor, and where one may have stopped; InputError, NotFoundError
 */
export function rescued(spec: ClusterSpec, observation: Observation, request: RescueRequest): ClusterSpec {
  const { fenced, ends, nameOf } = request;
  if (spec.deleting) {
    throw new Refusal(`${spec.name} is being deleted`, {
      to: 'finish that',
      command: 'delete',
      cluster: spec.name,
    });
  }
  checkNames(spec, observation, fenced);
  const survivors = survivorsOf(spec, observation, fenced);
  if (spec.rescue && isBack(spec.rescue, observation)) throw nothingToRescue(spec);
  // What is under way is finished, also when its last part alone is missing: the rule looks at it itself.
  if (spec.rescue && isStillGood(spec.rescue, survivors, request.backup)) {
    const all = new Set([...spec.rescue.fenced, ...fenced]);
    return { ...spec, rescue: { ...spec.rescue, fenced: [...all] } };
  }
  if (!spec.rescue) {
    mustBeLost(spec, observation, fenced);
    if (revivable(spec, observation, fenced).length > 0) return spec;
    mustNotRun(spec, observation, fenced);
  }
  const survivor = request.backup?.asked ? undefined : bestOf(survivors, ends, observation);
  if (!survivor) {
    if (!request.backup) throw nobodyLeft(spec, observation);
    if (!request.backup.asked) mustNotSleep(spec, observation, fenced);
    return fromBackup(spec, request.backup, fenced, nameOf);
  }
  const writtenAt = ends.get(survivor)?.writtenAt ?? null;
  const heard = writtenAt === null ? null : rfc3339(writtenAt);
  return {
    ...spec,
    ...withSurvivor(spec, observation, survivor, nameOf),
    rescue: { survivor, fenced: [...fenced], heard },
  };
}

/** The wish that there is goes on, unless what it counts on is gone, or another backup is asked for. */
function isStillGood(
  { survivor, backup }: Rescue,
  survivors: readonly string[],
  other: RescueBackup | undefined,
): boolean {
  if (other?.asked) return backup?.id === other.id;
  return backup !== undefined || survivors.includes(survivor);
}

/** Everybody is new, in the zones of before; the first of them is given the backup, and the others follow it. */
function fromBackup(
  spec: ClusterSpec,
  { id, taken }: RescueBackup,
  fenced: readonly string[],
  nameOf: NameMaker,
): ClusterSpec {
  const usedNames = [...spec.usedNames];
  const replicas = spec.replicas.map(({ zone }): ReplicaSpec => {
    const name = nameOf(spec.name, usedNames);
    usedNames.push(name);
    return { name, zone };
  });
  const rescue = { survivor: replicas[0]!.name, fenced: [...fenced], heard: taken, backup: { id, taken } };
  return { ...withOlderKeys(spec), replicas, usedNames, rescue };
}

/**
 * A backup may be older than the key that Secrets are encrypted with now, and than those before it: what is in it is read with them all.
 * Each number up to the newest was given once, and its key is kept.
 */
function withOlderKeys(spec: ClusterSpec): ClusterSpec {
  const atWork = orderOf(spec, 'encryption');
  const newest = Math.max(...atWork);
  const older = Array.from({ length: newest - 1 }, (_, n) => newest - 1 - n).filter(
    (generation) => !atWork.includes(generation),
  );
  if (older.length === 0) return spec;
  const encryption = [...atWork, ...older].slice(0, MOST_ENCRYPTION_KEYS);
  return { ...spec, generations: { ...spec.generations, encryption } };
}

/**
 * A quorum that is back before it was given up: the wish for that is gone, and what was to be lost is replaced one by one, as any
 * living replica is. Otherwise the same spec.
 */
export function reprieved(spec: ClusterSpec, observation: Observation): ClusterSpec {
  if (!spec.rescue || !isBack(spec.rescue, observation)) return spec;
  const { rescue: _, ...kept } = spec;
  return kept;
}

/** A list with others than the survivor, read with a quorum: nothing has been given up. */
export function isBack({ survivor }: Rescue, { etcd }: Observation): boolean {
  return etcd.readable && etcd.members.some(({ name }) => name !== survivor);
}

/** Everybody of before but the survivor: with the spec of a rescue, all that was ever named and is not wanted. */
export function givenUpBy({ usedNames, replicas, nodes }: Omit<ClusterSpec, 'rescue'>): string[] {
  const kept = new Set([...replicas, ...nodes].map(({ name }) => name));
  return usedNames.filter((name) => !kept.has(name));
}

function checkNames(spec: ClusterSpec, observation: Observation, fenced: readonly string[]): void {
  const known = new Set([
    ...spec.replicas.map(({ name }) => name),
    ...observation.machines.map(({ name }) => name),
    ...observation.etcd.members.map(({ name }) => name),
  ]);
  const stranger = fenced.find((name) => !known.has(name));
  if (stranger) throw new NotFoundError(`replica of ${spec.name}`, stranger, [...known]);
}

function nothingToRescue(spec: ClusterSpec): Refusal {
  return new Refusal(`etcd of ${spec.name} has a quorum: there is nothing to rescue`, [
    { to: 'start what has stopped', command: 'repair', cluster: spec.name },
    { to: 'or see what is wrong', command: 'status', cluster: spec.name },
  ]);
}

function mustBeLost(spec: ClusterSpec, o: Observation, fenced: readonly string[]): void {
  if (!o.remembered.bootstrapped) {
    throw new InputError(`${spec.name} has no etcd yet: there is nothing to rescue`, {
      advice: { to: 'finish what was begun', command: 'repair', cluster: spec.name },
    });
  }
  if (o.etcd.readable) throw nothingToRescue(spec);
  if (o.etcd.quorum === 'held') throw new Refusal(sightOfEtcd(o), seeStatus(spec));
  if (o.etcd.quorum !== 'unknown') return;
  const voters = votersOf(spec, o);
  const hidden = voters.filter((name) => {
    const machine = machineOf(o, name);
    return machine?.state === 'running' && !machine.inside && !fenced.includes(name);
  });
  if (hidden.length * 2 <= voters.length) return;
  throw new Refusal(sightOfEtcd(o), [
    seeStatus(spec),
    {
      to: 'or, if they stay away for good, say so',
      command: 'rescue',
      cluster: spec.name,
      fenced: hidden,
    },
  ]);
}

/** With a majority that runs nothing is lost: what keeps its members from each other can be mended. */
function mustNotRun(spec: ClusterSpec, o: Observation, fenced: readonly string[]): void {
  const voters = votersOf(spec, o);
  const running = voters.filter(
    (name) => machineOf(o, name)?.inside?.etcd === 'running' && !fenced.includes(name),
  );
  if (running.length * 2 <= voters.length) return;
  throw new Refusal(
    `etcd runs on a majority of its members (${running.join(', ')}), which do not find each other: nothing needs to be given up`,
    ['mend the network between them (TCP 2380)', seeStatus(spec)],
  );
}

/** What is stopped can be started, and may have every write: a backup that nobody has named does not take its place. */
function mustNotSleep(spec: ClusterSpec, o: Observation, fenced: readonly string[]): void {
  const names = stoppedOf(spec, o, fenced);
  if (names.length === 0) return;
  const [are, them] = names.length > 1 ? ['are', 'them'] : ['is', 'it'];
  // Nobody else is started by a repair.
  const start: Remedy = names.every((name) => wanted(spec, name))
    ? { to: `start ${them}, then try again`, command: 'repair', cluster: spec.name }
    : `start ${them} in the cloud, then try again`;
  throw new Refusal(`${names.join(', ')} ${are} stopped and may have what no backup has`, [
    start,
    {
      to: `or say that ${them === 'it' ? 'it stays' : 'they stay'} away`,
      command: 'rescue',
      cluster: spec.name,
      fenced: [...fenced, ...names],
    },
    nameBackup,
  ]);
}

const nameBackup: Remedy = {
  to: 'or name the backup that is to be restored',
  setting: 'backup',
  example: 'ID',
};

function nobodyLeft(spec: ClusterSpec, observation: Observation): Refusal {
  const running = observation.machines.filter(({ state }) => state === 'running').map(({ name }) => name);
  const backup = spec.backup ? 'a backup takes its place only where it is asked for' : 'it has no backup';
  return new Refusal(`no replica of ${spec.name} answers that still has etcd's data, and ${backup}`, [
    running.length > 0
      ? `mend what keeps haup from ${running.join(', ')}, then try again`
      : 'bring one of the machines back, then try again',
    ...(spec.backup ? [nameBackup] : []),
    seeStatus(spec),
  ]);
}

function seeStatus({ name }: ClusterSpec) {
  return { to: 'see what has become of each', command: 'status', cluster: name } as const;
}

/** As many as before, in the same zones: all but the survivor are new. */
function withSurvivor(
  spec: ClusterSpec,
  observation: Observation,
  survivor: string,
  nameOf: NameMaker,
): Pick<ClusterSpec, 'replicas' | 'usedNames'> {
  const usedNames = [...spec.usedNames];
  const zone = machineOf(observation, survivor)!.zone;
  // One that was on its way out takes somebody's place, if possible in its zone.
  const listed = spec.replicas.some(({ name }) => name === survivor);
  const place = listed
    ? -1
    : Math.max(
        0,
        spec.replicas.findIndex((replica) => replica.zone === zone),
      );
  const replicas = spec.replicas.map((replica, index): ReplicaSpec => {
    if (replica.name === survivor || index === place) return { name: survivor, zone };
    const name = nameOf(spec.name, usedNames);
    usedNames.push(name);
    return { name, zone: replica.zone };
  });
  return { replicas, usedNames };
}
