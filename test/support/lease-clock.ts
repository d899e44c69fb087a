import type { LeaseClock } from '../../src/state/bucket/lease.ts';

/** A clock that stands until a test moves it; what is due is called then, and no further before it has had its turn. */
export function standingClock(): LeaseClock & { pass(ms: number): Promise<void> } {
  let now = 0;
  const timers = new Map<() => void, { readonly every: number; due: number }>();
  return {
    now: () => now,
    every(ms, work) {
      timers.set(work, { every: ms, due: now + ms });
      return () => timers.delete(work);
    },
    async pass(ms) {
      const end = now + ms;
      for (;;) {
        const next = [...timers].sort(([, a], [, b]) => a.due - b.due)[0];
        if (!next || next[1].due > end) break;
        now = next[1].due;
        next[1].due += next[1].every;
        next[0]();
        await settled();
      }
      now = end;
    },
  };
}

/** Everything that can go on without time passing has gone on. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}
