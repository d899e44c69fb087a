import type { MemberState } from '../model/sight.ts';

/** When a member's API server answered, and when not; times in milliseconds of one clock. */
export interface Health {
  readonly state: MemberState;
  /** Since when it has been asked. */
  readonly since: number;
  /** Null: never. */
  readonly answered: number | null;
  /** Since when it has answered each time, while it is lost; null: it does not. */
  readonly back: number | null;
  /** Since when it is lost; null: it is not. */
  readonly lost: number | null;
  /** When it was lost, each time of late. */
  readonly losses: readonly number[];
}

/** Who has not answered for so long is out. */
export const LOST_AFTER_MS = 10_000;
/** Who was lost answers for so long before it counts again; twice as long for each loss of late. */
const RETURN_MS = 2_000;
export const LONGEST_RETURN_MS = 60_000;
const LATE_MS = 600_000;

export function unseen(now: number): Health {
  return { state: 'unseen', since: now, answered: null, back: null, lost: null, losses: [] };
}

/** What is known after the member was asked once more, or some time has passed (`answered`: null). */
export function observed(before: Health, answered: boolean | null, now: number): Health {
  const losses = before.losses.filter((loss) => now - loss < LATE_MS);
  const last = answered ? now : before.answered;
  const silent = now - (last ?? before.since) >= LOST_AFTER_MS;
  if (before.state === 'lost') {
    const back = answered === null ? before.back : answered ? (before.back ?? now) : null;
    const returned = answered === true && now - back! >= returnAfter(losses.length);
    return {
      ...before,
      answered: last,
      losses,
      back: returned ? null : back,
      lost: returned ? null : before.lost,
      state: returned ? 'ready' : 'lost',
    };
  }
  if (silent)
    return { ...before, state: 'lost', back: null, lost: now, losses: [...losses, now], answered: last };
  return { ...before, answered: last, losses, state: last === null ? 'unseen' : 'ready' };
}

function returnAfter(losses: number): number {
  return Math.min(LONGEST_RETURN_MS, RETURN_MS * 2 ** Math.max(0, losses - 1));
}
