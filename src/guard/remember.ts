import type { Deed, GuardMemory } from '../cluster/model/guard.ts';
import { isDead, type Observation } from '../cluster/model/observation.ts';
import { type ClusterSpec, wanted } from '../cluster/model/spec.ts';
import { next } from '../cluster/plan/next.ts';

/** So many are worth keeping. */
const KEPT = 20;

/** The memory with one more look in it: only who is known to be dead, without a break, gets older at it. Pure. */
export function withLook(
  memory: GuardMemory,
  spec: ClusterSpec,
  observation: Observation,
  now: number,
): GuardMemory {
  const deadSince = observation.etcd.readable ? deadOf(memory, spec, observation, now) : memory.deadSince;
  const open = next(spec, observation, { revive: true }).steps.length > 0;
  return { ...memory, deadSince, unfinishedSince: open ? (memory.unfinishedSince ?? now) : null };
}

function deadOf(
  { deadSince }: GuardMemory,
  spec: ClusterSpec,
  observation: Observation,
  now: number,
): Record<string, number> {
  const dead = observation.etcd.members.filter((m) => !m.learner && isDead(m) && wanted(spec, m.name));
  return Object.fromEntries(dead.map(({ name }) => [name, deadSince[name] ?? now]));
}

/** The memory with one more deed in it. Pure. */
export function withDeed(memory: GuardMemory, deed: Deed): GuardMemory {
  return { ...memory, deeds: [...memory.deeds, deed].slice(-KEPT) };
}

/** How many of the last deeds failed, one after the other. */
export function failuresInARow({ deeds }: GuardMemory): number {
  const last = deeds.findLastIndex(({ failed }) => failed === null);
  return deeds.length - 1 - last;
}
