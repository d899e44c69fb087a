/**
 * `npm run soak`: five replicas on this machine, a guard that may do everything, and one fault after the other, chosen by a seed, while
 * clients read and write. It fails unless 99.9 % of new connections were answered, no acknowledged write was lost or read stale, every
 * fault was mended, and nothing leaked. Root; two hours and more on two cores.
 *
 *   npm run soak                               200 faults; the seed is printed
 *   npm run soak -- --faults 10 --seed 7
 *   --results FILE   what was met, fault by fault (/var/tmp/haup-soak/results.json)
 */

import './soak/home.ts';

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { startClients } from '../src/drill/clients/index.ts';
import { newConnections, type Sample } from '../src/drill/clients/load.ts';
import { messageOf } from '../src/util/failure.ts';
import { waitFor } from '../src/util/wait.ts';
import build from '../test/e2e/support/build.ts';
import { adminOf } from '../test/e2e/support/clusters.ts';
import { E2E_HOME, haup, removeCluster, startHaup, status } from '../test/e2e/support/haup.ts';
import { clusterKey } from '../test/e2e/support/inside.ts';
import { isWell } from '../test/e2e/support/well.ts';
import { seeded } from '../test/support/seeded.ts';
import { type Held, held, leaks, onHost } from './soak/leaks.ts';
import { mend, nextTrouble, strike, type Trouble } from './soak/troubles.ts';

const CLUSTER = 'soak';
const REPLICAS = 5;
const READS_HZ = 10;
const AVAILABLE = 0.999;
const WELL_WITHIN_MS = 15 * 60_000;

interface Round {
  readonly trouble: Trouble;
  readonly seconds: number;
  readonly reads: number;
  readonly failedReads: number;
  /** How often each was met by those. */
  readonly errors: Readonly<Record<string, number>>;
  readonly acknowledged: number;
  readonly violations: readonly string[];
  readonly unheard: number;
  readonly held: Held;
}

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
  const zones = ['local-a', 'local-b', 'local-c', 'local-a', 'local-b'].join(',');
  await haup('create', '-c', CLUSTER, '--multizone', '--zones', zones);
  const key = clusterKey(CLUSTER);
  const rounds: Round[] = [];
  const found: string[] = [];
  const guard = startGuard();
  const reads = newConnections(await adminOf(CLUSTER), { hz: READS_HZ, mostUnanswered: READS_HZ * 6 });
  try {
    const random = seeded(Number(flags.seed));
    await well();
    for (let number = 1; number <= faults && !stop.signal.aborted; number++) {
      const before = reads.samples.length;
      const met = await round(nextTrouble(await status(CLUSTER), random), guard.child.pid!, key);
      const samples = reads.samples.slice(before);
      rounds.push({ ...met, reads: samples.length, failedReads: failed(samples), errors: counted(samples) });
      say(`${number} of ${faults}: ${told(rounds.at(-1)!)}`);
    }
  } catch (error) {
    found.push(messageOf(error));
  } finally {
    guard.child.kill('SIGINT');
  }
  if (stop.signal.aborted) found.push(messageOf(stop.signal.reason));
  const all = await reads.stop();
  const deeds = (await guard.ended).stderr.split('\n').filter((line) => /"doing":"(done|failed)"/.test(line));
  found.push(...verdict(rounds, all));
  await removeCluster(CLUSTER);
  const left = await onHost(key);
  if (left.namespaces + left.mounts > 0)
    found.push(`after the deletion ${left.namespaces} namespaces and ${left.mounts} mounts are left`);
  mkdirSync(dirname(flags.results), { recursive: true });
  writeFileSync(flags.results, `${JSON.stringify({ seed: flags.seed, rounds, deeds, found }, null, 2)}\n`);
  const written = rounds.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  process.stdout.write(
    `${rounds.length} faults, ${deeds.length} deeds of the guard; ${percent(answered(all))} of ${all.length} new connections answered; ${written} acknowledged writes\n${found.map((words) => `${words}\n`).join('')}`,
  );
  return found.length === 0 && rounds.length === faults ? 0 : 1;
}

function startGuard() {
  const may = ['--may', 'clear-nospace,repair,renew,replace,defragment,backup', '--after', '60s'];
  return startHaup(['guard', '-c', CLUSTER, ...may, '--every', '10s', '--log-format', 'json']);
}

/** One fault before clients of its own, from a cluster that is well to one that is. */
async function round(
  trouble: Trouble,
  guard: number,
  key: string,
): Promise<Omit<Round, 'reads' | 'failedReads' | 'errors'>> {
  const began = performance.now();
  const namespace = `haup-soak-${Math.round(began)}`;
  const clients = await startClients(await adminOf(CLUSTER), namespace);
  try {
    await clients.calm(stop.signal);
    await strike(CLUSTER, trouble);
    await new Promise((resolve) => setTimeout(resolve, trouble.holdMs));
    await mend(CLUSTER, trouble);
    await well();
    await clients.calm(stop.signal);
  } catch (error) {
    await clients.stop().catch(() => {});
    throw new Error(`${trouble.kind} of ${trouble.victims.join(', ')}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const { acknowledged, violations, unheard } = await clients.stop();
  const seconds = Math.round((performance.now() - began) / 1000);
  return { trouble, seconds, acknowledged, violations, unheard, held: await held(guard, key) };
}

function verdict(rounds: readonly Round[], all: readonly Sample[]): string[] {
  const lost = rounds.flatMap(({ trouble, violations, unheard }) => [
    ...violations.slice(0, 5).map((words) => `${trouble.kind}: ${words}`),
    ...(unheard > 0 ? [`${trouble.kind}: a watch never heard of ${unheard} acknowledged writes`] : []),
  ]);
  const share = answered(all);
  const tooFew = share > AVAILABLE ? [] : [`only ${percent(share)} of new connections were answered`];
  return [...lost, ...tooFew, ...leaks(rounds.map((each) => each.held))];
}

async function well(): Promise<void> {
  await waitFor(
    async () => {
      stop.signal.throwIfAborted();
      return isWell(await status(CLUSTER), REPLICAS) || undefined;
    },
    {
      what: `${REPLICAS} masters, all well`,
      timeoutMs: WELL_WITHIN_MS,
      intervalMs: 2000,
      signal: stop.signal,
    },
  );
}

/** Of all of them, 1 is all. */
function answered(samples: readonly Sample[]): number {
  return samples.length === 0 ? 1 : 1 - failed(samples) / samples.length;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(3)} %`;
}

function failed(samples: readonly Sample[]): number {
  return samples.filter(({ error }) => error !== null).length;
}

function counted(samples: readonly Sample[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { error } of samples) if (error !== null) counts[error] = (counts[error] ?? 0) + 1;
  return counts;
}

function told({ trouble, seconds, reads, failedReads, errors, held: { residentMiB, files } }: Round): string {
  const { kind, victims, mendedBy } = trouble;
  return `${kind} of ${victims.join(', ')}, mended by ${mendedBy}: ${seconds} s, ${failedReads} of ${reads} new connections failed; the guard holds ${residentMiB} MiB, ${files} files; ${JSON.stringify(errors)}`;
}
