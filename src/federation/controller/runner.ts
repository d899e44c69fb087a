import { messageOf } from '../../util/failure.ts';

/** Does the newest of what is asked for each key, several keys at a time; what failed waits, longer each time. */
export interface Runner {
  /**
   * The work takes the place of what waits under that key. After a failure the key has to wait, unless it is something else that is
   * to be done (`what`): then whoever was told has mended it.
   */
  run(key: string, work: () => Promise<void>, what?: string): void;
  /** Work of this key is under way: what is known of it may be old, and `onEnd` will follow. */
  isRunning(key: string): boolean;
  /** In words, by key: what went wrong the last time. */
  readonly problems: ReadonlyMap<string, string>;
  /** Nothing is wanted of this key any more; what is under way ends. Says whether it had a problem. */
  forget(key: string): boolean;
  /** Resolves once nothing is under way. */
  idle(): Promise<void>;
  /** Nothing is begun any more. */
  close(): void;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

export function openRunner(options: {
  readonly atOnce: number;
  /** After each end, good or bad, and once more when a failed key may be tried again. */
  readonly onEnd: (key: string) => void;
}): Runner {
  const waiting = new Map<string, { readonly work: () => Promise<void>; readonly what: string }>();
  const busy = new Set<string>();
  const problems = new Map<string, string>();
  const waits = new Map<string, number>();
  const timers = new Map<string, { readonly timer: NodeJS.Timeout; readonly what: string }>();
  let whenIdle: (() => void)[] = [];
  let closed = false;

  const ended = (key: string): void => {
    busy.delete(key);
    if (busy.size === 0) {
      for (const tell of whenIdle) tell();
      whenIdle = [];
    }
    if (closed) return;
    options.onEnd(key);
    start();
  };
  const failed = (key: string, what: string, error: unknown): void => {
    problems.set(key, messageOf(error));
    const wait = Math.min((waits.get(key) ?? FIRST_WAIT_MS / 2) * 2, LONGEST_WAIT_MS);
    waits.set(key, wait);
    if (closed) return;
    const again = (): void => {
      timers.delete(key);
      options.onEnd(key);
    };
    timers.set(key, { timer: setTimeout(again, wait), what });
  };
  const stopWaiting = (key: string): void => {
    waits.delete(key);
    clearTimeout(timers.get(key)?.timer);
    timers.delete(key);
  };
  const succeeded = (key: string): void => {
    problems.delete(key);
    stopWaiting(key);
  };
  const start = (): void => {
    for (const [key, { work, what }] of waiting) {
      if (closed || busy.size >= options.atOnce) return;
      if (busy.has(key)) continue;
      waiting.delete(key);
      busy.add(key);
      void work()
        .then(
          () => succeeded(key),
          (error: unknown) => failed(key, what, error),
        )
        .finally(() => ended(key));
    }
  };
  return {
    run(key, work, what = '') {
      const timed = timers.get(key);
      if (timed?.what === what) return;
      if (timed) stopWaiting(key);
      waiting.set(key, { work, what });
      start();
    },
    isRunning: (key) => busy.has(key),
    problems,
    forget(key) {
      waiting.delete(key);
      stopWaiting(key);
      return problems.delete(key);
    },
    idle: () => (busy.size === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve))),
    close() {
      closed = true;
      waiting.clear();
      for (const { timer } of timers.values()) clearTimeout(timer);
    },
  };
}
