/**
 * `npm run soak`: five replicas on this machine, a guard that may do everything, and one fault after the other, chosen by a seed, while
 * clients read and write. It fails unless 99.9 % of new connections were answered, no acknowledged write was lost or read stale, every
 * fault was mended, and nothing leaked. Root; two hours and more on two cores. CI has ten faults of it: test/e2e/soak.test.ts.
 *
 *   npm run soak                               200 faults; the seed is printed
 *   npm run soak -- --faults 10 --seed 7
 *   --results FILE   what was met, fault by fault (/var/tmp/haup-soak/results.json)
 */

import './soak/home.ts';

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import build from '../test/e2e/support/build.ts';
import { E2E_HOME, haup, removeCluster } from '../test/e2e/support/haup.ts';
import { clusterKey } from '../test/e2e/support/inside.ts';
import { onHost } from './soak/leaks.ts';
import { soak } from './soak/soak.ts';

const CLUSTER = 'soak';
const ZONES = ['local-a', 'local-b', 'local-c', 'local-a', 'local-b'];

const { values: flags } = parseArgs({
  options: {
    faults: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    results: { type: 'string', default: join(E2E_HOME, 'results.json') },
  },
});
const say = (text: string): void => void process.stderr.write(`soak: ${text}\n`);
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)));

if (!process.env.HAUP_MAIN) build();
process.exitCode = await main();

async function main(): Promise<number> {
  await removeCluster(CLUSTER);
  const faults = Number(flags.faults);
  say(`${faults} faults by --seed ${flags.seed}`);
  await haup('create', '-c', CLUSTER, '--multizone', '--zones', ZONES.join());
  const key = clusterKey(CLUSTER);
  const { rounds, deeds, summary, ...soaked } = await soak({
    cluster: CLUSTER,
    replicas: ZONES.length,
    faults,
    seed: Number(flags.seed),
    longestHoldMs: 8_000,
    after: '30s',
    every: '5s',
    wellWithinMs: 15 * 60_000,
    available: 0.999,
    say,
    signal: stop.signal,
  });
  const found = [...soaked.found];
  await removeCluster(CLUSTER);
  const left = await onHost(key);
  if (left.namespaces + left.mounts > 0)
    found.push(`after the deletion ${left.namespaces} namespaces and ${left.mounts} mounts are left`);
  mkdirSync(dirname(flags.results), { recursive: true });
  writeFileSync(flags.results, `${JSON.stringify({ seed: flags.seed, rounds, deeds, found }, null, 2)}\n`);
  process.stdout.write(`${summary}\n${found.map((words) => `${words}\n`).join('')}`);
  return found.length === 0 ? 0 : 1;
}
