import type { Deed, Duty, GuardMemory } from '../cluster/model/guard.ts';
import type { Observation } from '../cluster/model/observation.ts';
import type { ClusterSpec } from '../cluster/model/spec.ts';
import { whyOldStore } from '../cluster/plan/rules/old-store.ts';
import { inVain, withLook } from './remember.ts';
import { backup } from './rules/backup.ts';
import { defragment } from './rules/defragment.ts';
import { nospace } from './rules/nospace.ts';
import { renew } from './rules/renew.ts';
import { repair } from './rules/repair.ts';
import { replace } from './rules/replace.ts';
import type { GuardAct, Rule } from './watch.ts';

export interface GuardOptions {
  /** All that it may do. */
  readonly may: ReadonlySet<Duty>;
  readonly afterMs: number;
  /** As in a {@link Watch}. */
  readonly elsewhere: readonly string[];
}

export interface Verdict {
  /** With this look in it. */
  readonly memory: GuardMemory;
  /** The one thing to do now; null: nothing. */
  readonly act: GuardAct | null;
  /** Why what is wrong is left as it is; empty: nothing is wrong. */
  readonly waits: readonly string[];
}

/**
 * The most urgent first: what refuses every write; who is lost, once the operator's time for it to come back is over; what has only
 * stopped; what will stop; what is wanted when all else is lost; what takes room.
 */
const rules: readonly Rule[] = [nospace, replace, repair, renew, backup, defragment];

const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** What was mended and is well for so long has been mended. */
const HELD_MS = 600_000;

/** What a guard does about a cluster as it is now: at most one thing, and only what it may. Pure. */
export function decide(
  spec: ClusterSpec,
  observation: Observation,
  before: GuardMemory,
  { may, afterMs, elsewhere }: GuardOptions,
  now: number,
): Verdict {
  const memory = withLook(before, spec, observation, now);
  const nothing = (...waits: string[]): Verdict => ({ memory, act: null, waits });
  if (spec.deleting) return nothing(`${spec.name} is being deleted`);
  // Nor is anything written into it: with each save it would look newer.
  if (whyOldStore(spec, observation))
    return { memory: before, act: null, waits: ['this store is an older copy: nothing is done by it'] };
  // Which data is right is a person's question: until it is answered, nothing is started and nobody replaced.
  const corrupt = observation.etcd.alarms?.find(({ alarm }) => alarm === 'CORRUPT');
  if (corrupt)
    return nothing(`the data of ${corrupt.member} differs from the others': somebody has to look at that`);
  const waits: string[] = [];
  for (const rule of rules) {
    const opinion = rule({ spec, observation, memory, now, afterMs, elsewhere });
    if (opinion === null) continue;
    if (opinion.kind === 'wait') waits.push(opinion.reason);
    else {
      const pause = pauseLeft(memory, opinion, now);
      if (!may.has(opinion.duty)) waits.push(`${told(opinion)}; that is not among what it may do`);
      else if (pause <= 0) return { memory, act: opinion, waits };
      else
        waits.push(
          `${told(opinion)}; that did not help before, and is tried again in ${Math.ceil(pause / 1000)} s`,
        );
    }
  }
  return nothing(...waits);
}

/** What it would do, and why. */
export function told({ duty, replica, reason }: GuardAct): string {
  return `${duty}${replica === null ? '' : ` ${replica}`}: ${reason}`;
}

/**
 * Of each duty for itself: backups that fail for hours keep nobody from replacing what is dead. Nor does a machine that will not start keep
 * anybody from starting what stops later: that is another repair. One that succeeds and does not hold counts as one that fails, and so
 * does a backup after which they are still called late, or failing, as by a wrong clock.
 */
function pauseLeft(memory: GuardMemory, act: GuardAct, now: number): number {
  const tries = triesOf(memory, act, now);
  const last = tries.at(-1);
  // One of the future is of before the clock was put back: nobody can say how long ago that is.
  if (!last || last.at > now) return 0;
  return last.at + pauseAfter(tries.length) - now;
}

function pauseAfter(tries: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1));
}

function triesOf(memory: GuardMemory, { duty, reason }: GuardAct, now: number): readonly Deed[] {
  if (duty === 'repair') {
    const same = memory.deeds.filter((each) => each.duty === duty && each.reason === reason);
    return ofOneTrouble(same, memory.unfinishedSince ?? now);
  }
  if (duty === 'backup') {
    // Their reasons tell times: what makes them tries of one trouble is that it has been there ever since.
    const since = memory.backupsIllSince ?? now;
    return ofOneTrouble(inVain(memory, duty, since), since);
  }
  return inVain(memory, duty);
}

/** The tries since the trouble was last gone for a while. `since`: when what is there now was first seen. */
function ofOneTrouble(deeds: readonly Deed[], since: number): readonly Deed[] {
  const tries: Deed[] = [];
  for (const deed of deeds) {
    // When it was there again, nobody has written down: at the latest, when the pause was over.
    const last = tries.at(-1);
    const waited = pauseAfter(tries.length);
    if (last?.failed === null && deed.at - last.at > waited + HELD_MS) tries.length = 0;
    tries.push(deed);
  }
  const last = tries.at(-1);
  const hasHeld = last?.failed === null && since - last.at > HELD_MS;
  return hasHeld ? [] : tries;
}
