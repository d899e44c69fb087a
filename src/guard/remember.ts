import type { Deed, Duty, GuardMemory } from '../cluster/model/guard.ts';
import { isDead, type Observation } from '../cluster/model/observation.ts';
import { type ClusterSpec, wanted } from '../cluster/model/spec.ts';
import { next } from '../cluster/plan/next.ts';

/** So many are worth keeping. */
const KEPT = 20;

/**
 * Nobody knows what a replica was while nobody looked: after so long it may have come back and died again, and has all of the operator's
 * time anew. Longer than the pauses of whoever runs a guard once an hour.
 */
const BREAK_MS = 2 * 3_600_000;

/** The memory with one more look in it: only who is known to be dead, without a break, gets older at it. Pure. */
export function withLook(
  memory: GuardMemory,
  spec: ClusterSpec,
  observation: Observation,
  now: number,
): GuardMemory {
  const dead = observation.etcd.readable ? deadOf(memory, spec, observation, now) : {};
  const open = next(spec, observation, { revive: true }).steps.length > 0;
  return { ...memory, ...dead, unfinishedSince: open ? (memory.unfinishedSince ?? now) : null };
}

function deadOf(
  { deadSince, deadSeenAt }: GuardMemory,
  spec: ClusterSpec,
  observation: Observation,
  now: number,
): Pick<GuardMemory, 'deadSince' | 'deadSeenAt'> {
  const dead = observation.etcd.members.filter((m) => !m.learner && isDead(m) && wanted(spec, m.name));
  if (dead.length === 0) return { deadSince: {}, deadSeenAt: null };
  const ago = deadSeenAt === null ? Number.POSITIVE_INFINITY : now - deadSeenAt;
  const before = ago > BREAK_MS ? {} : deadSince;
  return {
    deadSince: Object.fromEntries(dead.map(({ name }) => [name, before[name] ?? now])),
    // Not at every look: each is a save of the store.
    deadSeenAt: deadSeenAt !== null && ago < BREAK_MS / 4 ? deadSeenAt : now,
  };
}

/** The memory with one more deed in it. Pure. */
export function withDeed(memory: GuardMemory, deed: Deed): GuardMemory {
  return { ...memory, deeds: [...memory.deeds, deed].slice(-KEPT) };
}

/** The last deeds of a duty that failed, one after the other; empty: the last one succeeded. */
export function failuresInARow({ deeds }: GuardMemory, duty: Duty): readonly Deed[] {
  const same = deeds.filter((deed) => deed.duty === duty);
  return same.slice(same.findLastIndex(({ failed }) => failed === null) + 1);
}
