import { lookup } from 'node:dns/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../util/clock.ts';
import { messageOf } from '../../util/failure.ts';
import type { Shard } from '../model/shard.ts';
import { DnsError } from './errors.ts';
import { keepZone } from './keeper.ts';
import { hostResolver, type Lookup } from './resolve.ts';
import type { DnsSettings } from './settings.ts';
import type { DnsWriter } from './writer.ts';

export interface DnsRun {
  /** All shards of all Services, whenever one of them has changed. Never called: not one record changes. */
  shards(all: readonly Shard[]): void;
  /** What somebody should know of the zone now, in words. */
  problems(): readonly string[];
  /** Changes begin no more; one that is under way ends. */
  close(): Promise<void>;
}

export interface RunOptions {
  readonly clock: Clock;
  /** A line for the log. */
  readonly log: (line: string) => void;
  readonly lookup?: Lookup;
}

/** Host names get new addresses, and others change the zone. */
const AGAIN_MS = 60_000;
const FIRST_PAUSE_MS = 1_000;
const MOST_PAUSE_MS = 30_000;
const LOOKUP_MS = 1_000;

/** Keeps a zone what the shards say, turn after turn, the newest shards each time. A failure is told and the turn made again, later. */
export function runDns(settings: DnsSettings, writer: DnsWriter, options: RunOptions): DnsRun {
  const { clock, log } = options;
  const keeper = keepZone(settings, writer, { clock });
  const resolve = hostResolver(options.lookup ?? addressesOf, clock);
  const closed = new AbortController();
  let newest: readonly Shard[] | undefined;
  let problems: readonly string[] = [];
  let wake = new AbortController();

  async function turn(shards: readonly Shard[]): Promise<void> {
    const { changed, problems: found } = await keeper.turn(await resolve(shards));
    if (changed.length > 0) log(`dns: changed ${changed.map(({ name }) => name).join(' ')}`);
    tell(found.map(({ name, words }) => `${name} ${words}`));
  }

  function tell(now: readonly string[]): void {
    for (const one of now) if (!problems.includes(one)) log(`dns: ${one}`);
    problems = now;
  }

  async function loop(): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    while (!closed.signal.aborted) {
      wake = new AbortController();
      let rest = AGAIN_MS;
      const shards = newest;
      if (shards) {
        try {
          await turn(shards);
          pause = FIRST_PAUSE_MS;
        } catch (error) {
          tell([messageOf(error)]);
          rest = pause;
          pause = Math.min(pause * 2, MOST_PAUSE_MS);
        }
      }
      // A failure waits its time out whatever comes: a zone that refuses is not asked at each change of a shard.
      const until = rest === AGAIN_MS ? AbortSignal.any([wake.signal, closed.signal]) : closed.signal;
      if (newest === shards || rest !== AGAIN_MS) await clock.sleep(rest, until).catch(() => {});
    }
    writer.close();
  }
  const ended = loop();

  return {
    shards(all) {
      newest = all;
      wake.abort();
    },
    problems: () => problems,
    async close() {
      closed.abort();
      await ended;
    },
  };
}

/** A resolver that is silent holds no turn up: an address that must go waits for it. */
async function addressesOf(host: string): Promise<readonly string[]> {
  const silence = delay(LOOKUP_MS, null, { ref: false });
  const found = await Promise.race([lookup(host, { all: true }), silence]);
  if (found === null) throw new DnsError('trouble', `no answer for ${host} within ${LOOKUP_MS / 1000} s`);
  return found.map(({ address }) => address);
}
