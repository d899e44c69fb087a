import type { ActName } from './acts.ts';
import { type PerClient, perClient } from './clients/names.ts';
import type { DrillLog, LoggedAct, LoggedSample } from './log.ts';

/** What one client met during an act. */
export interface ClientFigures {
  readonly requests: number;
  readonly failures: number;
  /** Longest time from the act, or from a success after it, to the next success. */
  readonly gapSeconds: number;
  /** Of those that succeeded. */
  readonly slowestSeconds: number;
}

export interface ActFigures {
  readonly act: ActName;
  readonly clients: PerClient<ClientFigures>;
  /** From the cure until everything was well again; null: it was not. */
  readonly recoverySeconds: number | null;
}

/** The figures of a drill, from what was logged and nothing else: whoever has the log can make them again. Pure. */
export function figuresOf(log: DrillLog): readonly ActFigures[] {
  return log.acts.map((act, index) => {
    const until = log.acts[index + 1]?.at ?? log.ms;
    return {
      act: act.act,
      clients: perClient(log.clients, (samples) => clientFigures(samples, act.at, until)),
      recoverySeconds: recovery(act),
    };
  });
}

function recovery({ curedAt, wellAt }: LoggedAct): number | null {
  return curedAt === null || wellAt === null ? null : (wellAt - curedAt) / 1000;
}

function clientFigures(samples: readonly LoggedSample[], from: number, until: number): ClientFigures {
  const begun = samples.filter(([began]) => began >= from && began < until);
  const good = begun.filter(([, , failed]) => failed === 0);
  return {
    requests: begun.length,
    failures: begun.length - good.length,
    gapSeconds: longestGap(samples, from, until) / 1000,
    slowestSeconds: Math.max(0, ...good.map(([, took]) => took)) / 1000,
  };
}

/** The longest time within `from` and `until` in which no request came to a good end. What goes on after that is the next act's. */
export function longestGap(samples: readonly Readonly<LoggedSample>[], from: number, until: number): number {
  const ends = samples
    .filter(([, , failed]) => failed === 0)
    .map(([began, took]) => began + took)
    .sort((a, b) => a - b);
  let longest = 0;
  let last = from;
  for (const end of ends) {
    if (end <= from) continue;
    longest = Math.max(longest, Math.min(end, until) - last);
    if (end >= until) return longest;
    last = end;
  }
  return Math.max(longest, until - last);
}
