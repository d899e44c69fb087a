import { Agent, request } from 'node:https';
import { type ApiClient, callApi } from '../../../src/lb/request.ts';

/** What a client met. Times in milliseconds since the load began. */
export interface LoadReport {
  readonly requests: number;
  readonly failures: readonly { readonly at: number; readonly error: string }[];
  /** Longest time between the ends of two successful requests. */
  readonly longestGap: number;
  readonly slowest: number;
}

export interface Load<T = LoadReport> {
  stop(): Promise<T>;
}

interface Tally {
  report: {
    requests: number;
    failures: { at: number; error: string }[];
    longestGap: number;
    slowest: number;
  };
  succeeded(asked: number): void;
  failed(asked: number, error: unknown): void;
  now(): number;
}

function newTally(): Tally {
  const began = performance.now();
  let last = 0;
  const report: Tally['report'] = { requests: 0, failures: [], longestGap: 0, slowest: 0 };
  const now = (): number => performance.now() - began;
  return {
    report,
    now,
    succeeded(asked) {
      report.longestGap = Math.max(report.longestGap, now() - last);
      report.slowest = Math.max(report.slowest, now() - asked);
      last = now();
    },
    failed(asked, error) {
      report.failures.push({
        at: Math.round(asked),
        error: error instanceof Error ? error.message : String(error),
      });
    },
  };
}

/** A new TLS connection for every request, begun `hz` times a second whether or not the last one has ended. */
export function newConnections(
  api: ApiClient,
  options: { hz: number; path?: string; timeoutMs?: number },
): Load {
  const { hz, path = '/readyz', timeoutMs = 5000 } = options;
  const tally = newTally();
  const pending = new Set<Promise<void>>();
  const timer = setInterval(() => {
    const asked = tally.now();
    tally.report.requests += 1;
    const done = callApi(api, { path, timeoutMs })
      .then((answer) => {
        if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
        tally.succeeded(asked);
      })
      .catch((error: unknown) => tally.failed(asked, error))
      .finally(() => pending.delete(done));
    pending.add(done);
  }, 1000 / hz);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(pending);
      return tally.report;
    },
  };
}

/** One after the other on kept-alive connections; a request that fails before an answer began is tried once more. */
export function keptAlive(
  api: ApiClient,
  path = '/api/v1/namespaces/default',
): Load<LoadReport & { cut: number; retried: number }> {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 2,
    ca: api.caPem,
    cert: api.certPem,
    key: api.keyPem,
  });
  const tally = newTally();
  let cut = 0;
  let retried = 0;
  let going = true;
  const once = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const outgoing = request({ host: api.ip, port: api.port, path, agent, timeout: 5000 }, (incoming) => {
        let size = 0;
        incoming.on('data', (chunk: Buffer) => {
          size += chunk.length;
        });
        const broken = (): void => {
          cut += 1;
          reject(new Error('the response was cut'));
        };
        incoming.on('aborted', broken);
        incoming.on('end', () =>
          incoming.statusCode === 200 && size > 0
            ? resolve()
            : reject(new Error(`answered ${incoming.statusCode}`)),
        );
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in 5 s')));
      outgoing.on('error', reject);
      outgoing.end();
    });
  const loop = (async () => {
    while (going) {
      const asked = tally.now();
      tally.report.requests += 1;
      try {
        await once().catch(async () => {
          retried += 1;
          await once();
        });
        tally.succeeded(asked);
      } catch (error) {
        tally.failed(asked, error);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  return {
    async stop() {
      going = false;
      await loop;
      agent.destroy();
      return { ...tally.report, cut, retried };
    },
  };
}
