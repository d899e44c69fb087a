import type { Clock } from '../../src/util/clock.ts';

/** A clock on which a pause takes no time, and passes `times` as much of it as it should. */
export function quickClock(times = 1): Clock {
  let now = 0;
  return {
    now: () => now,
    sleep: async (ms) => {
      now += ms * times;
    },
  };
}

/** A clock that stands, on which a pause takes no time. */
export const instantly: Clock = { now: () => 0, sleep: async () => {} };
