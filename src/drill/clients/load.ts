import { type ApiClient, callApi } from '../../kubernetes/client.ts';

/** One request. Moments are of `performance.now()`, milliseconds. */
export interface Sample {
  readonly began: number;
  readonly ended: number;
  /** Null when it was answered as it should be. */
  readonly error: string | null;
}

/** What a client met. Times in milliseconds since the load began. */
export interface LoadReport {
  readonly requests: number;
  readonly failures: readonly { readonly at: number; readonly error: string }[];
  /** Longest time between the ends of two successful requests, or from the last one to the end of the load. */
  readonly longestGap: number;
  readonly slowest: number;
}

export interface Load<T = LoadReport> {
  stop(): Promise<T>;
}

export interface OpenLoop extends Load<Sample[]> {
  /** Those that have ended, in the order of their ends. */
  readonly samples: readonly Sample[];
}

export interface LoopLimits {
  /** With so many unanswered no more are begun, and none of those is made up for: a host that cannot keep up is not buried. Default: any. */
  readonly mostUnanswered?: number | undefined;
}

/** Begins a request `hz` times a second whether or not the last one has ended: a slow answer hides no failure. */
export function openLoop(
  hz: number,
  ask: (count: number) => Promise<void>,
  { mostUnanswered = Number.POSITIVE_INFINITY }: LoopLimits = {},
): OpenLoop {
  const samples: Sample[] = [];
  const pending = new Set<Promise<void>>();
  let count = 0;
  const begin = (): void => {
    const began = performance.now();
    const end = (error: string | null): void => {
      samples.push({ began, ended: performance.now(), error });
    };
    const done = ask(count++)
      .then(() => end(null))
      .catch((error: unknown) => end(describeError(error)))
      .finally(() => pending.delete(done));
    pending.add(done);
  };
  const first = performance.now();
  const timer = setInterval(
    () => {
      // A timer that came late makes up for it: the rate is the client's, not the machine's.
      const due = Math.floor(((performance.now() - first) / 1000) * hz);
      for (let behind = due - count; behind >= 0; behind--) {
        if (pending.size < mostUnanswered) begin();
        else count += 1;
      }
    },
    1000 / hz / 2,
  );
  return {
    samples,
    async stop() {
      clearInterval(timer);
      await Promise.all(pending);
      return [...samples].sort((a, b) => a.began - b.began);
    },
  };
}

/** A new TLS connection, with an authenticated read on it, for every request. */
export function newConnections(
  api: ApiClient,
  { hz, timeoutMs = 5000, ...limits }: { readonly hz: number; readonly timeoutMs?: number } & LoopLimits,
): OpenLoop {
  const read = async (): Promise<void> => {
    await ask(api, { path: '/api/v1/namespaces/default', timeoutMs });
  };
  return openLoop(hz, read, limits);
}

/** One request on a new connection, which must be answered with 2xx. Returns the answer's JSON. */
export async function ask<T = unknown>(
  api: ApiClient,
  request: Parameters<typeof callApi>[1],
  expected: readonly number[] = [200, 201],
): Promise<T> {
  const answer = await callApi(api, request);
  if (!expected.includes(answer.status))
    throw new Error(`answered ${answer.status}: ${answer.text.slice(0, 200)}`);
  return JSON.parse(answer.text) as T;
}

export function summarize(samples: readonly Sample[]): LoadReport {
  const first = samples[0]?.began ?? 0;
  const good = samples.filter((sample) => sample.error === null);
  const ends = [first, ...good.map((sample) => sample.ended).sort((a, b) => a - b)];
  const last = Math.max(first, ...samples.map((sample) => sample.began));
  const gaps = ends.map((end, index) => (ends[index + 1] ?? Math.max(end, last)) - end);
  return {
    requests: samples.length,
    failures: samples
      .filter((sample) => sample.error !== null)
      .map((sample) => ({ at: Math.round(sample.began - first), error: sample.error! })),
    longestGap: Math.round(Math.max(0, ...gaps)),
    slowest: Math.round(Math.max(0, ...good.map((sample) => sample.ended - sample.began))),
  };
}

export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' && !error.message.includes(code)
    ? `${code} ${error.message}`
    : error.message || error.name;
}
