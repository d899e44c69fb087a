import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newConnections, summarize } from '../../src/drill/clients/load.ts';
import type { ApiClient } from '../../src/kubernetes/client.ts';
import { haup, removeCluster, status } from '../../test/e2e/support/haup.ts';
import { duration, median, table } from './figures.ts';
import { quiet } from './machine.ts';
import { run } from './run.ts';
import { adminOf } from './store.ts';

export const IN_PLACE = 'bench-in-place';
const on = ['-c', IN_PLACE];
const [FROM, TO] = ['1.36', '1.37'];

/** How long nobody is answered at least: the same API server is stopped and started by systemd, with the same drain. */
const RESTART = [
  'systemctl restart kube-apiserver',
  'until curl -skm 2 https://127.0.0.1/readyz | grep -qx ok; do sleep 0.05; done',
].join('; ');

/** New connections a second. */
const HZ = 20;

/** Longest times between two answers to new connections, ms. */
export interface InPlaceRound {
  /** Of the old version, and of the new one. */
  readonly restarts: readonly [readonly number[], readonly number[]];
  readonly flags: readonly number[];
  readonly renewals: readonly number[];
  readonly upgrades: readonly number[];
}

/** A single master is changed in place, and between the changes its API server is started again. The programs of both minors have to be there. */
export async function inPlaceRound(): Promise<InPlaceRound> {
  await removeCluster(IN_PLACE);
  await run(['create', ...on, '--zones', 'local-a', '--kubernetes-version', FROM]);
  const { apiAddress, replicas } = await status(IN_PLACE);
  const api = await adminOf(IN_PLACE, apiAddress!.ip);
  const restart = (): Promise<number> =>
    gapWhile(api, () => haup('ssh', ...on, replicas[0]!.name, '--', RESTART));
  const flag = (v: string): Promise<number> => gapWhile(api, () => apply({ v }));
  const before = [await restart()];
  const flags: number[] = [];
  for (const v of ['1', '2']) {
    flags.push(await flag(v));
    before.push(await restart());
  }
  const renewals = [await gapWhile(api, () => run(['renew', ...on, '--all']))];
  const upgrades = [await gapWhile(api, () => run(['upgrade', ...on, '--kubernetes-version', TO]))];
  const after = [await restart(), await restart()];
  await removeCluster(IN_PLACE);
  return { restarts: [before, after], flags, renewals, upgrades };
}

async function gapWhile(api: ApiClient, work: () => Promise<unknown>): Promise<number> {
  await quiet();
  const clients = newConnections(api, { hz: HZ });
  await work();
  return summarize(await clients.stop()).longestGap;
}

async function apply(apiServer: Readonly<Record<string, string>>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'haup-bench-'));
  try {
    const file = join(folder, 'cluster.json');
    await writeFile(file, JSON.stringify({ cluster: IN_PLACE, extraArguments: { apiServer } }));
    await run(['apply', ...on, '-f', file]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

export function inPlaceTable(rounds: readonly InPlaceRound[]): string {
  const [before, after] = ([0, 1] as const).map((which) => rounds.flatMap(({ restarts }) => restarts[which]));
  const line = (what: string, gaps: readonly number[], restarts: readonly number[]): string[] => [
    what,
    ...[duration(median(gaps)), range(gaps), duration(median(restarts)), range(restarts)],
    `${median(gaps) < median(restarts) ? '-' : '+'}${duration(Math.abs(median(gaps) - median(restarts)))}`,
    '+1 s',
  ];
  return table([
    [
      ...['a single master, changed in place: nobody is answered for', 'haup', 'of', 'a plain restart', 'of'],
      ...['difference', 'bound'],
    ],
    line(
      'another argument of the API server',
      rounds.flatMap(({ flags }) => flags),
      before!,
    ),
    line(
      `${FROM} → ${TO}; the restart is one of ${TO}`,
      rounds.flatMap(({ upgrades }) => upgrades),
      after!,
    ),
    line(
      'all certificates renewed, which stops nothing',
      rounds.flatMap(({ renewals }) => renewals),
      before!,
    ),
  ]);
}

function range(values: readonly number[]): string {
  return `${duration(Math.min(...values))} to ${duration(Math.max(...values))}`;
}
