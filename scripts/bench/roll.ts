import { haup, removeCluster, status } from '../../test/e2e/support/haup.ts';
import { prepareForClients, startClients } from '../../test/e2e/support/many-clients.ts';
import { duration, median, ratio, table } from './figures.ts';
import { quiet } from './machine.ts';
import { run } from './run.ts';
import { adminOf } from './store.ts';

export const ROLL = 'bench-roll';
const on = ['-c', ROLL];
const FROM = '1.36';
const TO = '1.37';

/** The same stops and starts, one machine after the other, by somebody who looks at nothing and takes nobody out of the balancer. */
const RESTART = [
  'systemctl restart kube-apiserver',
  'until curl -skm 2 https://127.0.0.1/readyz | grep -qx ok; do sleep 0.05; done',
  'systemctl restart kube-controller-manager kube-scheduler',
].join('; ');

interface Way {
  readonly ms: number;
  readonly failed: number;
  readonly connections: number;
  /** Between two answers to new connections, ms. */
  readonly longestGap: number;
}

export interface RollRound {
  readonly upgrade: Way;
  readonly rollback: Way;
  readonly floor: number;
}

/** Three masters under the clients of the growth tests, to the next minor and back. The programs of both have to be there. */
export async function rollRound(): Promise<RollRound> {
  await removeCluster(ROLL);
  const zones = ['--zones', 'local-a,local-b,local-c', '--multizone'];
  await run(['create', ...on, ...zones, '--kubernetes-version', FROM]);
  const { apiAddress, replicas } = await status(ROLL);
  const api = await adminOf(ROLL, apiAddress!.ip);
  await prepareForClients(api);
  const way = async (name: string, args: readonly string[]): Promise<Way> => {
    await quiet();
    const clients = await startClients(api, name);
    const { ms } = await run(['upgrade', ...on, ...args]);
    const { failures, requests, longestGap } = (await clients.stop()).newConnections;
    return { ms, failed: failures.length, connections: requests, longestGap };
  };
  const upgrade = await way('upgrade', ['--kubernetes-version', TO]);
  const rollback = await way('rollback', ['--rollback']);
  await quiet();
  const began = performance.now();
  for (const { name } of replicas) await haup('ssh', ...on, name, '--', RESTART);
  const floor = performance.now() - began;
  await removeCluster(ROLL);
  return { upgrade, rollback, floor };
}

export function rollTable(rounds: readonly RollRound[]): string {
  const floors = rounds.map(({ floor }) => floor);
  const line = (what: string, ways: readonly Way[]): string[] => {
    const times = ways.map(({ ms }) => ms);
    const sum = (pick: (way: Way) => number): number => ways.reduce((total, way) => total + pick(way), 0);
    return [
      ...[what, duration(median(times)), duration(median(floors)), ratio(median(times), median(floors))],
      ...[ratio(Math.min(...times), Math.min(...floors)), '60 s'],
      `${sum(({ failed }) => failed)} of ${sum(({ connections }) => connections)}`,
      duration(Math.max(...ways.map(({ longestGap }) => longestGap))),
    ];
  };
  return table([
    ['a roll under clients', 'haup', 'floor', 'ratio', 'ratio of the best', 'bound', 'failed', 'longest gap'],
    line(
      `${FROM} → ${TO}, three masters; the floor starts API server and controllers again, one machine after the other`,
      rounds.map(({ upgrade }) => upgrade),
    ),
    line(
      'and back',
      rounds.map(({ rollback }) => rollback),
    ),
  ]);
}
