import type { Clock } from '../../../src/util/clock.ts';
import type { Route } from '../shared/realizer.ts';
import { SimulatedRealizer } from '../shared/simulated.ts';

/** Machines in memory, and when packets to an address went where. */
export class TimedRealizer extends SimulatedRealizer {
  readonly #clock: Clock;
  readonly history: { readonly at: number; readonly ip: string; readonly to: Route | null }[] = [];

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  override async route(ip: string, to: Route | null): Promise<void> {
    this.history.push({ at: this.#clock.now(), ip, to });
    await super.route(ip, to);
  }

  /** The longest time, in ms, for which packets to `ip` went nowhere, since `from`. */
  longestGap(ip: string, from: number): number {
    let longest = 0;
    let away: number | null = null;
    for (const { at, to } of this.history.filter((one) => one.ip === ip)) {
      if (to === null) away ??= at;
      else {
        if (away !== null && at >= from) longest = Math.max(longest, at - Math.max(away, from));
        away = null;
      }
    }
    return away === null ? longest : Number.POSITIVE_INFINITY;
  }
}
