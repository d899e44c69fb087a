import { messageOf } from '../../util/failure.ts';

/** Does the newest of what is asked for each key, several keys at a time; what failed waits, longer each time. */
export interface Runner {
  /** The work takes the place of what waits under that key. Nothing while the key has to wait after a failure. */
  run(key: string, work: () => Promise<void>): void;
  /** Work of this key is under way: what is known of it may be old. */
  isBusy(key: string): boolean;
  /** In words, by key: what went wrong the last time. */
  readonly problems: ReadonlyMap<string, string>;
  /** Nothing is wanted of this key any more. */
  forget(key: string): void;
  close(): void;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

export function openRunner(options: {
  readonly atOnce: number;
  /** After each end, good or bad, and once more when a failed key may be tried again. */
  readonly onEnd: (key: string) => void;
}): Runner {
  const waiting = new Map<string, () => Promise<void>>();
  const busy = new Set<string>();
  const problems = new Map<string, string>();
  const waits = new Map<string, number>();
  const timers = new Map<string, NodeJS.Timeout>();
  let closed = false;

  const start = (): void => {
    for (const [key, work] of waiting) {
      if (closed || busy.size >= options.atOnce) return;
      if (busy.has(key)) continue;
      waiting.delete(key);
      busy.add(key);
      void work()
        .then(
          () => {
            problems.delete(key);
            waits.delete(key);
          },
          (error: unknown) => {
            problems.set(key, messageOf(error));
            const wait = Math.min((waits.get(key) ?? FIRST_WAIT_MS / 2) * 2, LONGEST_WAIT_MS);
            waits.set(key, wait);
            if (closed) return;
            timers.set(
              key,
              setTimeout(() => {
                timers.delete(key);
                options.onEnd(key);
              }, wait),
            );
          },
        )
        .finally(() => {
          busy.delete(key);
          if (closed) return;
          options.onEnd(key);
          start();
        });
    }
  };
  return {
    run(key, work) {
      if (timers.has(key)) return;
      waiting.set(key, work);
      start();
    },
    isBusy: (key) => busy.has(key) || waiting.has(key),
    problems,
    forget(key) {
      waiting.delete(key);
      problems.delete(key);
      waits.delete(key);
      clearTimeout(timers.get(key));
      timers.delete(key);
    },
    close() {
      closed = true;
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}
