/**
 * `npm run test:conformance`: Kubernetes' own [Conformance] specs against a cluster of haup's on this machine, without a registry.
 * It builds what it needs once (Go, Debian packages), makes a cluster with two nodes, runs the specs and deletes the cluster. Root.
 *
 *   npm run test:conformance                              all of them, about an hour on two cores
 *   npm run test:conformance -- --sample 40 --seed 7      forty that the seed chooses; without --seed the seed is printed
 *   npm run test:conformance -- --focus 'sig-network.*DNS'
 *   --parallel N     processes side by side (4)
 *   --results FILE   where results are kept by spec (/var/tmp/haup-conformance/results.json); with --resume what has passed there is left out
 *   --keep           leave the cluster, and use it if it is there
 *   --build-only     fill the cache and stop
 */

import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { tryExec } from '../src/util/exec.ts';
import { buildMetricsServer } from '../test/e2e/support/metrics-server.ts';
import { serveImages } from './conformance/registry.ts';
import { runSpecs, type SpecResult } from './conformance/run.ts';
import { conformanceSpecs, sample } from './conformance/specs.ts';
import { ensureSuite } from './conformance/suite.ts';

const HOME = '/var/tmp/haup-conformance';
const CLUSTER = 'conformance';
/** haup's exit code for it. */
const NO_SUCH_CLUSTER = 6;
const HAUP = new URL('haup', import.meta.url).pathname;

const { values: flags } = parseArgs({
  options: {
    sample: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    focus: { type: 'string', default: '' },
    parallel: { type: 'string', default: '4' },
    results: { type: 'string', default: join(HOME, 'results.json') },
    resume: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    'build-only': { type: 'boolean', default: false },
  },
});
const say = (text: string): void => void process.stderr.write(`conformance: ${text}\n`);
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)));

const suite = await ensureSuite(say);
await buildMetricsServer();
if (!flags['build-only']) process.exitCode = await main();

async function main(): Promise<number> {
  mkdirSync(HOME, { recursive: true, mode: 0o700 });
  const known = flags.resume ? earlier() : new Map<string, SpecResult>();
  const all = (await conformanceSpecs(suite.e2e)).filter((name) => new RegExp(flags.focus).test(name));
  const chosen = flags.sample ? sample(all, Number(flags.sample), Number(flags.seed)) : all;
  if (flags.sample) say(`${chosen.length} of ${all.length} specs, chosen by --seed ${flags.seed}`);
  const names = chosen.filter((name) => known.get(name)?.state !== 'passed');
  // What a run that was killed has left.
  if (!flags.keep) await remove();
  try {
    if ((await tryHaup(['status', '-c', CLUSTER])).code !== 0) await create();
    const folder = mkdtempSync(join(HOME, 'run-'));
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, await haup(['kubeconfig', '-c', CLUSTER]), { mode: 0o600 });
    await serveImages(haup, CLUSTER, { kubectl: suite.kubectl, kubeconfig });
    say(`reports and logs: ${folder}`);
    let done = 0;
    await runSpecs(suite, names, {
      kubeconfig,
      folder,
      parallel: Number(flags.parallel),
      signal: stop.signal,
      onResult(result) {
        known.set(result.name, result);
        writeFileSync(flags.results, `${JSON.stringify([...known.values()], null, 1)}\n`);
        say(`${++done}/${names.length} ${result.state} ${result.seconds}s ${result.name}`);
      },
    });
  } finally {
    if (!flags.keep) await remove();
  }
  return summarise(chosen.map((name) => known.get(name)).filter((result) => result !== undefined));
}

async function create(): Promise<void> {
  say('making a cluster with two nodes');
  const images = suite.images.flatMap((path) => ['--images', path]);
  await haup(['create', '-c', CLUSTER, '--nodes', '2', ...images]);
}

async function remove(): Promise<void> {
  const { code, stderr } = await tryHaup(['delete', '-c', CLUSTER, '--yes']);
  if (code !== 0 && code !== NO_SUCH_CLUSTER) throw new Error(`the cluster could not be deleted: ${stderr}`);
}

async function haup(args: readonly string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await tryHaup(args, input);
  if (code !== 0) throw new Error(`haup ${args.join(' ')} ended with ${code}:\n${stderr}`);
  return stdout;
}

function tryHaup(args: readonly string[], input = '') {
  return tryExec(HAUP, args, { env: { ...process.env, HAUP_HOME: HOME }, input });
}

function earlier(): Map<string, SpecResult> {
  try {
    const results = JSON.parse(readFileSync(flags.results, 'utf8')) as SpecResult[];
    return new Map(results.map((result) => [result.name, result]));
  } catch {
    return new Map();
  }
}

function summarise(results: readonly SpecResult[]): number {
  const of = (state: SpecResult['state']): SpecResult[] => results.filter((result) => result.state === state);
  for (const state of ['skipped', 'not reached', 'failed'] as const)
    for (const { name, message } of of(state))
      console.log(`${state}: ${name}\n    ${message.split('\n')[0]}`);
  const bad = of('failed').length + of('not reached').length;
  console.log(`${of('passed').length} passed, ${bad} failed, ${of('skipped').length} skipped`);
  return bad === 0 ? 0 : 1;
}
