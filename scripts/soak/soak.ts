import { startClients } from '../../src/drill/clients/index.ts';
import { newConnections, type Sample } from '../../src/drill/clients/load.ts';
import { messageOf } from '../../src/util/failure.ts';
import { waitFor } from '../../src/util/wait.ts';
import { adminOf } from '../../test/e2e/support/clusters.ts';
import { startHaup, status } from '../../test/e2e/support/haup.ts';
import { clusterKey } from '../../test/e2e/support/inside.ts';
import { isWell } from '../../test/e2e/support/well.ts';
import { seeded } from '../../test/support/seeded.ts';
import { type Held, held, leaks } from './leaks.ts';
import { mend, nextTrouble, strike, type Trouble } from './troubles.ts';

export interface SoakOptions {
  /** It has so many masters, and all are well. */
  readonly cluster: string;
  readonly replicas: number;
  readonly faults: number;
  readonly seed: number;
  /** A fault is left alone for a second and up to so much more; then it is mended, or the guard is waited for. */
  readonly longestHoldMs: number;
  /** The guard's `--after` and `--every`. */
  readonly after: string;
  readonly every: string;
  /** From each fault until all are well again. */
  readonly wellWithinMs: number;
  /** More than this share of new connections must be answered. */
  readonly available: number;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}

export interface Soaked {
  readonly rounds: readonly Round[];
  /** What the guard did, as it said it. */
  readonly deeds: readonly string[];
  /** What is wrong, in sentences; empty: nothing. */
  readonly found: readonly string[];
  /** The figures, in a line. */
  readonly summary: string;
}

interface Round {
  readonly trouble: Trouble;
  readonly seconds: number;
  /** Of these, from the fault until all were well again. */
  readonly unwellSeconds: number;
  readonly reads: number;
  readonly failedReads: number;
  /** How often each was met by those. */
  readonly errors: Readonly<Record<string, number>>;
  readonly acknowledged: number;
  readonly violations: readonly string[];
  readonly unheard: number;
  readonly held: Held;
}

const READS_HZ = 10;

/** One fault after the other, chosen by the seed, under a guard that may do everything, while clients read and write. */
export async function soak(options: SoakOptions): Promise<Soaked> {
  const { cluster, faults, seed, available, say, signal } = options;
  const key = clusterKey(cluster);
  const rounds: Round[] = [];
  const found: string[] = [];
  const guard = startGuard(options);
  const reads = newConnections(await adminOf(cluster), { hz: READS_HZ, mostUnanswered: READS_HZ * 6 });
  try {
    const random = seeded(seed);
    await well(options);
    for (let number = 1; number <= faults && !signal.aborted; number++) {
      const before = reads.samples.length;
      const trouble = nextTrouble(await status(cluster), random, options.longestHoldMs);
      const met = await round(options, trouble, guard.child.pid!, key);
      const samples = reads.samples.slice(before);
      rounds.push({ ...met, reads: samples.length, failedReads: failed(samples), errors: counted(samples) });
      say(`${number} of ${faults}: ${told(rounds.at(-1)!)}`);
    }
  } catch (error) {
    const words = messageOf(error);
    found.push(guard.child.exitCode === null ? words : `the guard ended: ${(await guard.ended).stderr}`);
  } finally {
    guard.child.kill('SIGINT');
  }
  if (signal.aborted) found.push(messageOf(signal.reason));
  const all = await reads.stop();
  const deeds = (await guard.ended).stderr.split('\n').filter((line) => /"doing":"(done|failed)"/.test(line));
  found.push(...verdict(rounds, all, available));
  if (found.length === 0 && rounds.length < faults) found.push(`only ${rounds.length} of ${faults} faults`);
  const written = rounds.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  const summary = `${rounds.length} faults, ${deeds.length} deeds of the guard; ${percent(answered(all))} of ${all.length} new connections answered; ${written} acknowledged writes`;
  return { rounds, deeds, found, summary };
}

function startGuard({ cluster, after, every }: SoakOptions) {
  const may = ['--may', 'clear-nospace,repair,renew,replace,defragment,backup', '--after', after];
  return startHaup(['guard', '-c', cluster, ...may, '--every', every, '--log-format', 'json']);
}

/** One fault before clients of its own, from a cluster that is well to one that is. */
async function round(
  options: SoakOptions,
  trouble: Trouble,
  guard: number,
  key: string,
): Promise<Omit<Round, 'reads' | 'failedReads' | 'errors'>> {
  const { cluster, signal } = options;
  const began = performance.now();
  const namespace = `haup-soak-${Math.round(began)}`;
  const clients = await startClients(await adminOf(cluster), namespace);
  let struck = began;
  let mended = began;
  try {
    await clients.calm(signal);
    struck = performance.now();
    await strike(cluster, trouble);
    await new Promise((resolve) => setTimeout(resolve, trouble.holdMs));
    await mend(cluster, trouble);
    await well(options);
    mended = performance.now();
    await clients.calm(signal);
  } catch (error) {
    await clients.stop().catch(() => {});
    throw new Error(`${trouble.kind} of ${trouble.victims.join(', ')}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const { acknowledged, violations, unheard } = await clients.stop();
  const seconds = secondsOf(performance.now() - began);
  const unwellSeconds = secondsOf(mended - struck);
  return { trouble, seconds, unwellSeconds, acknowledged, violations, unheard, held: await held(guard, key) };
}

function verdict(rounds: readonly Round[], all: readonly Sample[], available: number): string[] {
  const lost = rounds.flatMap(({ trouble, violations, unheard }) => [
    ...violations.slice(0, 5).map((words) => `${trouble.kind}: ${words}`),
    ...(unheard > 0 ? [`${trouble.kind}: a watch never heard of ${unheard} acknowledged writes`] : []),
  ]);
  const share = answered(all);
  const tooFew = share > available ? [] : [`only ${percent(share)} of new connections were answered`];
  return [...lost, ...tooFew, ...leaks(rounds.map((each) => each.held))];
}

async function well({ cluster, replicas, wellWithinMs, signal }: SoakOptions): Promise<void> {
  await waitFor(
    async () => {
      signal.throwIfAborted();
      return isWell(await status(cluster), replicas) || undefined;
    },
    {
      what: `${replicas} masters, all well`,
      timeoutMs: wellWithinMs,
      intervalMs: 3000,
      signal,
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

function secondsOf(ms: number): number {
  return Math.round(ms / 1000);
}

function told(round: Round): string {
  const { trouble, seconds, unwellSeconds, reads, failedReads, errors, held } = round;
  const { kind, victims, holdMs, mendedBy } = trouble;
  const { residentMiB, files } = held;
  return `${kind} of ${victims.join(', ')} for ${secondsOf(holdMs)} s, mended by ${mendedBy}: well after ${unwellSeconds} of ${seconds} s, ${failedReads} of ${reads} new connections failed; the guard holds ${residentMiB} MiB, ${files} files; ${JSON.stringify(errors)}`;
}
