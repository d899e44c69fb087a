import type { Deed, Duty, GuardMemory } from '../cluster/model/guard.ts';
import { isLost, type Observation } from '../cluster/model/observation.ts';
import { type ClusterSpec, wanted } from '../cluster/model/spec.ts';
import { backupStatus } from '../cluster/plan/backup-status.ts';
import { next } from '../cluster/plan/next.ts';
import { zonesOut } from './outage.ts';

/** So many are worth keeping. */
const KEPT = 20;

/** So many failures in a row make the longest pause: more of them tell nothing. */
const COUNTED = 7;

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
  const { readable, quorum } = observation.etcd;
  const lost = !readable && quorum !== 'held' && quorum !== 'unknown';
  // Unless etcd can be read, nobody can say who is dead.
  const dead = readable ? deadOf(memory, spec, observation, now) : { quorumLost: lost || memory.quorumLost };
  const open = next(spec, observation, { revive: true }).steps.length > 0;
  return {
    ...memory,
    ...dead,
    unfinishedSince: open ? Math.min(memory.unfinishedSince ?? now, now) : null,
    backupsIllSince: backupsIllSince(memory, spec, observation, now),
  };
}

/** Only what is seen to be well has ended: where nobody can be asked for backups, they are as they were. */
function backupsIllSince(
  { backupsIllSince: since }: GuardMemory,
  spec: ClusterSpec,
  observation: Observation,
  now: number,
): number | null {
  const status = backupStatus(spec, observation, now);
  if (!status) return null;
  if (status.late || status.failure) return Math.min(since ?? now, now);
  return status.last ? null : since;
}

function deadOf(
  { deadSince, deadSeenAt, zonesOut: outBefore, quorumLost: wasLost }: GuardMemory,
  spec: ClusterSpec,
  observation: Observation,
  now: number,
): Pick<GuardMemory, 'deadSince' | 'deadSeenAt' | 'zonesOut' | 'quorumLost'> {
  const dead = observation.etcd.members
    .filter((m) => !m.learner && isLost(m) && wanted(spec, m.name))
    .map(({ name }) => name);
  if (dead.length === 0) return { deadSince: {}, deadSeenAt: null, zonesOut: [], quorumLost: false };
  const ago = deadSeenAt === null ? Number.POSITIVE_INFINITY : now - deadSeenAt;
  const out = zonesOut(spec, observation, dead);
  // What comes back does not come all at once: who is not there yet has all of the operator's time again.
  const isComingBack = (name: string): boolean => {
    const zone = wanted(spec, name)!.zone;
    // With the quorum a zone may come back whose nodes are not there yet: it still counts as out then.
    return wasLost || (outBefore.includes(zone) && !out.includes(zone));
  };
  const before = ago > BREAK_MS ? {} : deadSince;
  return {
    zonesOut: out,
    quorumLost: false,
    deadSince: Object.fromEntries(
      dead.map((name) => [name, isComingBack(name) ? now : Math.min(before[name] ?? now, now)]),
    ),
    // Not at every look: each is a save of the store.
    deadSeenAt: deadSeenAt !== null && ago >= 0 && ago < BREAK_MS / 4 ? deadSeenAt : now,
  };
}

/** The memory with one more deed in it. What a back-off counts stays, however much else is done meanwhile. Pure. */
export function withDeed(memory: GuardMemory, deed: Deed): GuardMemory {
  const deeds = [...memory.deeds, deed];
  const counts = (index: number): boolean => {
    const row = deeds.slice(index).filter(({ duty }) => duty === deeds[index]!.duty);
    return row.length <= COUNTED && row.every(({ failed }) => failed !== null);
  };
  return { ...memory, deeds: deeds.filter((_, index) => index >= deeds.length - KEPT || counts(index)) };
}

/**
 * The last deeds of a duty that did not help, one after the other: they failed, or the trouble has been there without a break from `since` on,
 * milliseconds since the epoch, which is before them. Without `since` whatever succeeded has helped.
 */
export function inVain(
  { deeds }: GuardMemory,
  duty: Duty,
  since = Number.POSITIVE_INFINITY,
): readonly Deed[] {
  const same = deeds.filter((deed) => deed.duty === duty);
  return same.slice(same.findLastIndex(({ failed, at }) => failed === null && at < since) + 1);
}
