import { expect } from 'vitest';
import type { ApiClient } from '../../../src/kubernetes/client.ts';
import { startHaup, status } from './haup.ts';
import { type ClientsReport, figuresOf, startClients } from './many-clients.ts';

/**
 * Runs haup while clients of every kind use `api`; fails where one of them has noticed it, or three masters are not well afterwards.
 * @param what names the figures, and what the clients make: used once for a cluster.
 */
export async function unnoticed(
  api: ApiClient,
  what: string,
  [command, cluster, ...args]: readonly [string, string, ...string[]],
): Promise<void> {
  const clients = await startClients(api, what.replace(/[^a-z0-9]+/g, '-'));
  const began = Date.now();
  const ended = await startHaup([command, '-c', cluster, ...args]).ended;
  const seconds = Math.round((Date.now() - began) / 1000);
  const report = await clients.stop();
  process.stdout.write(`figure: ${what}: ${seconds} s; ${figuresOf(report)}\n`);
  expect([ended.code, ended.code === 0 ? '' : ended.stderr]).toEqual([0, '']);
  expect(await status(cluster)).toMatchObject({ converged: true, etcd: { healthy: 3 } });
  expectUnnoticed(report);
}

export function expectUnnoticed(report: ClientsReport): void {
  expect(report.newConnections.failures).toEqual([]);
  expect(report.keptAlive).toMatchObject({ failures: [], cut: 0 });
  expect(report.counter).toMatchObject({ failures: [], violations: [] });
  expect(report.keySet).toMatchObject({ failures: [], violations: [], unseen: [] });
}
