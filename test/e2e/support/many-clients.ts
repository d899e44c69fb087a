import { type CounterReport, countUp } from '../../../src/drill/clients/counter.ts';
import { type KeptAliveReport, keptAlive } from '../../../src/drill/clients/kept-alive.ts';
import { growKeySet, type KeySetReport } from '../../../src/drill/clients/key-set.ts';
import {
  ask,
  type Load,
  type LoadReport,
  newConnections,
  summarize,
} from '../../../src/drill/clients/load.ts';
import type { ApiClient } from '../../../src/kubernetes/client.ts';
import { type LeaseReport, watchEndpoints, watchLease } from './observers.ts';

export const CONFIG_MAPS = '/api/v1/namespaces/clients/configmaps';
const BALLAST = `${CONFIG_MAPS}?labelSelector=ballast%3Dyes`;

export interface ClientsReport {
  readonly newConnections: LoadReport;
  readonly keptAlive: KeptAliveReport;
  readonly counter: CounterReport;
  readonly keySet: KeySetReport;
  readonly endpoints: readonly string[];
  readonly leases: Readonly<Record<'kube-controller-manager' | 'kube-scheduler', LeaseReport>>;
}

/** What the clients needs: a namespace of its own and, in it, enough to make an answer long (a megabyte). */
export async function prepareForClients(api: ApiClient): Promise<void> {
  const timeoutMs = 10_000;
  const make = (path: string, body: unknown): Promise<unknown> =>
    ask(api, { method: 'POST', path, body, timeoutMs });
  await make('/api/v1/namespaces', { metadata: { name: 'clients' } });
  const data = { ballast: 'x'.repeat(25_000) };
  for (let n = 0; n < 40; n++)
    await make(CONFIG_MAPS, { metadata: { name: `ballast-${n}`, labels: { ballast: 'yes' } }, data });
}

/**
 * Everybody who might notice that something happens to the masters: a client that opens 50 new connections a second,
 * one on a kept-alive connection, one on a watch, writers whose history is checked afterwards, and observers.
 * @param name goes into the names of what it makes; used once.
 */
export async function startClients(api: ApiClient, name: string): Promise<Load<ClientsReport>> {
  const [counter, keySet] = await Promise.all([
    countUp(api, CONFIG_MAPS, `counter-${name}`),
    growKeySet(api, CONFIG_MAPS, name),
  ]);
  const fresh = newConnections(api, { hz: 50 });
  const kept = keptAlive(api, { small: '/api/v1/namespaces/clients', large: BALLAST });
  const endpoints = watchEndpoints(api);
  const manager = watchLease(api, 'kube-controller-manager');
  const scheduler = watchLease(api, 'kube-scheduler');
  return {
    async stop() {
      const [samples, ...rest] = await Promise.all([
        fresh.stop(),
        kept.stop(),
        counter.stop(),
        keySet.stop(),
        endpoints.stop(),
        manager.stop(),
        scheduler.stop(),
      ]);
      return {
        newConnections: summarize(samples),
        keptAlive: rest[0],
        counter: rest[1],
        keySet: rest[2],
        endpoints: rest[3],
        leases: { 'kube-controller-manager': rest[4], 'kube-scheduler': rest[5] },
      };
    },
  };
}

/** Names of all objects that clients have made and that are there now. */
export async function madeByClients(api: ApiClient): Promise<Set<string>> {
  const { items } = await ask<{ items: { metadata: { name: string } }[] }>(api, {
    path: `${CONFIG_MAPS}?labelSelector=set`,
    timeoutMs: 10_000,
  });
  return new Set(items.map((item) => item.metadata.name));
}

/** The figures of a report, for the benchmark table and for who reads the test's output. */
export function figuresOf(report: ClientsReport): string {
  const { newConnections: fresh, keptAlive: kept, counter, keySet, leases } = report;
  const unheld = Object.values(leases).map((lease) => lease.longestUnheld);
  return [
    `new connections ${fresh.failures.length}/${fresh.requests} failed, longest gap ${fresh.longestGap} ms, slowest ${fresh.slowest} ms`,
    `kept-alive ${kept.failures.length}/${kept.requests} failed, ${kept.retried.length} sent again, ${kept.cut} cut, slowest ${kept.slowest} ms`,
    `watch opened again ${keySet.watchEnds.length} times, ${keySet.relists} lists, ${keySet.unseen.length} of ${keySet.acknowledged.length} events lost`,
    `counter ${counter.increments} increments ${counter.reads} reads`,
    `leases unheld at most ${Math.max(...unheld)} ms`,
  ].join('; ');
}
