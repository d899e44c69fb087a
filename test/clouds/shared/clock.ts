import { type Clock, systemClock } from '../../../src/util/clock.ts';

/** The time of a test cloud: what the cloud does later, it does through `after`. */
export interface CloudClock extends Clock {
  /** Runs `action` once, `ms` from now. Returns a function that calls it off. */
  after(ms: number, action: () => void): () => void;
  /** Awaits something that only the passing of time brings about (a request that the cloud holds open). */
  parked<T>(promise: Promise<T>): Promise<T>;
  /** Does work that takes no time: a call over HTTP, for instance. */
  busy<T>(work: () => Promise<T>): Promise<T>;
}

export const realClock: CloudClock = {
  ...systemClock,
  after(ms, action) {
    const timer = setTimeout(action, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
  parked: (promise) => promise,
  busy: (work) => work(),
};

interface Timer {
  readonly at: number;
  readonly action: () => void;
}

/** Turns of the event loop without any work after which the program is taken to be waiting for time to pass. */
const QUIET_TURNS = 3;

/**
 * Simulated time: it stands still while anyone is {@link VirtualClock.busy} and jumps to the next timer when everyone
 * waits. An hour of retries passes in milliseconds, in the same order as it would for real.
 */
export class VirtualClock implements CloudClock {
  #now = Date.UTC(2026, 0, 1);
  #timers: Timer[] = [];
  #working = 0;
  #looking = false;

  now(): number {
    return this.#now;
  }

  after(ms: number, action: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), action };
    this.#timers.push(timer);
    this.#look();
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const callOff = this.after(ms, () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
      const abort = () => {
        callOff();
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  async busy<T>(work: () => Promise<T>): Promise<T> {
    this.#working++;
    try {
      return await work();
    } finally {
      this.#working--;
      this.#look();
    }
  }

  async parked<T>(promise: Promise<T>): Promise<T> {
    this.#working--;
    this.#look();
    try {
      return await promise;
    } finally {
      this.#working++;
    }
  }

  #look(): void {
    if (this.#looking) return;
    this.#looking = true;
    let quiet = 0;
    const turn = () => {
      quiet = this.#working > 0 ? 0 : quiet + 1;
      if (this.#working > 0 || this.#timers.length === 0) {
        this.#looking = false; // whoever ends its work, or sets a timer, looks again
        return;
      }
      if (quiet > QUIET_TURNS) {
        this.#jump();
        quiet = 0;
      }
      setImmediate(turn);
    };
    setImmediate(turn);
  }

  #jump(): void {
    const next = this.#timers.reduce((first, timer) => (timer.at < first.at ? timer : first));
    this.#now = Math.max(this.#now, next.at);
    this.#timers = this.#timers.filter((timer) => timer !== next);
    next.action();
  }
}
