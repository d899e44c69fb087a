import { type Health, LONGEST_RETURN_MS, LOST_AFTER_MS } from './health.ts';

/** The last time that no member answered: whoever was lost in it may be well, and we the ones who were away. Times as in `Health`. */
export interface CutOff {
  /** The last answer of anybody before it. */
  readonly from: number;
  /** When the first member answered again; null: none has yet. */
  readonly until: number | null;
}

/** Members come back one after the other, each by its own clock: so long after the first one whoever is not back is gone. */
const GRACE_MS = LONGEST_RETURN_MS + LOST_AFTER_MS;

/** What is to be remembered now; null: nothing. One that is still remembered goes on with the next one: who has not come back was lost in it. */
export function cutOff(before: CutOff | null, members: readonly Health[], now: number): CutOff | null {
  // One that answers again, though it does not count yet, shows that the way out is there.
  const isCut =
    members.some(({ state }) => state === 'lost') &&
    !members.some(({ state, back }) => state === 'ready' || back !== null);
  if (isCut) {
    const last = Math.max(...members.map(({ answered }) => answered ?? Number.NEGATIVE_INFINITY));
    return { from: before?.from ?? last, until: null };
  }
  if (before === null) return null;
  const until = before.until ?? now;
  return now - until < GRACE_MS ? { ...before, until } : null;
}

/**
 * It is lost, and nobody knows whether that is its own doing. That it is has been seen once somebody else has answered since, and it was
 * not lost with all the others.
 */
export function isDoubtful(one: Health, others: readonly Health[], cut: CutOff | null): boolean {
  if (one.state !== 'lost') return false;
  const lost = one.lost!;
  if (cut !== null && lost >= cut.from && (cut.until === null || lost <= cut.until)) return true;
  return !others.some(({ answered }) => answered !== null && answered > lost);
}
