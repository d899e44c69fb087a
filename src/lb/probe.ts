import { type ApiClient, type ApiRequest, callApi } from '../kubernetes/client.ts';
import { openWatch, type WatchProbe } from '../kubernetes/watch.ts';
import type { AvailabilityReport, ProbeResult } from './availability.ts';

/** 20 requests a second of each kind: enough to see a gap of a tenth of a second, too few to be a load. */
const INTERVAL_MS = 50;
/** A request that takes longer counts as failed: it is what kubectl's users would notice. */
const TIMEOUT_MS = 5000;
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
const LEASE_NAME = 'haup-availability-probe';

interface Tally {
  requests: number;
  failures: number;
  lastSuccess: number;
  longestGap: number;
  slowest: number;
}

export interface Probe {
  /** How many rounds of questions have begun. */
  readonly begun: number;
  /** Resolves when the answers to `count` rounds from number `first` (0, 1, …) on are in, or are known not to come. */
  answered(first: number, count: number): Promise<void>;
  /** Ends the probe, waits for what is under way, removes what it wrote, and says what was met. */
  stop(): Promise<AvailabilityReport>;
}

/**
 * Asks the API as its users do while the address moves: readiness, an authenticated read and a write, twenty times a
 * second each and open-loop (a slow answer does not delay the next question), and a watch that stays open. Every
 * connection but the watch's is new, and verified.
 */
export function startProbe(client: ApiClient, during: string): Probe {
  const began = performance.now();
  const tallies = new Map<string, Tally>();
  const pending = new Set<Promise<void>>();
  const rounds: Promise<unknown>[] = [];
  let next = (): void => {};

  const ask = (kind: string, request: Omit<ApiRequest, 'timeoutMs'>): Promise<void> => {
    const tally = tallyOf(tallies, kind, began);
    const asked = performance.now();
    tally.requests += 1;
    const done = callApi(client, { ...request, timeoutMs: TIMEOUT_MS })
      .then((answer) => {
        if (answer.status < 200 || answer.status > 299) throw new Error(`answered ${answer.status}`);
        const now = performance.now();
        tally.longestGap = Math.max(tally.longestGap, now - tally.lastSuccess);
        tally.lastSuccess = now;
        tally.slowest = Math.max(tally.slowest, now - asked);
      })
      .catch(() => {
        tally.failures += 1;
      })
      .finally(() => pending.delete(done));
    pending.add(done);
    return done;
  };

  const round = (): void => {
    const write: Omit<ApiRequest, 'timeoutMs'> = {
      method: 'PATCH',
      path: `${LEASE}/${LEASE_NAME}?fieldManager=haup&force=true`,
      contentType: 'application/apply-patch+yaml',
      body: probeLease(rounds.length),
    };
    const questions = [
      ask('readiness', { path: '/readyz' }),
      ask('read', { path: '/api/v1/namespaces/kube-system' }),
      ask('write', write),
    ];
    rounds.push(Promise.all(questions));
    next();
  };
  round();
  const timer = setInterval(round, INTERVAL_MS);
  const watch: WatchProbe = openWatch(client, `${LEASE}?watch=1&fieldSelector=metadata.name=${LEASE_NAME}`);

  return {
    get begun() {
      return rounds.length;
    },
    async answered(first, count) {
      while (rounds.length < first + count) {
        await new Promise<void>((resolve) => {
          next = resolve;
        });
      }
      await Promise.all(rounds.slice(first, first + count));
    },
    async stop() {
      clearInterval(timer);
      await Promise.all(pending);
      const ended = performance.now();
      const watched = watch.close();
      await callApi(client, {
        method: 'DELETE',
        path: `${LEASE}/${LEASE_NAME}`,
        timeoutMs: TIMEOUT_MS,
      }).catch(() => {});
      const results = [...tallies].map(
        ([kind, tally]): ProbeResult => ({
          kind,
          requests: tally.requests,
          failures: tally.failures,
          longestGapSeconds: Math.max(tally.longestGap, ended - tally.lastSuccess) / 1000,
          slowestSeconds: tally.slowest / 1000,
        }),
      );
      return {
        during,
        seconds: (ended - began) / 1000,
        probes: results,
        watchReconnects: watched.reconnects,
      };
    },
  };
}

function tallyOf(tallies: Map<string, Tally>, kind: string, began: number): Tally {
  const known = tallies.get(kind);
  if (known) return known;
  const fresh = { requests: 0, failures: 0, lastSuccess: began, longestGap: 0, slowest: 0 };
  tallies.set(kind, fresh);
  return fresh;
}

function probeLease(count: number): unknown {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: LEASE_NAME, namespace: 'kube-system' },
    spec: { holderIdentity: `probe-${count}` },
  };
}
