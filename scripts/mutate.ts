/**
 * `npm run test:mutation [-- --near] [PART OF A PATH…]`: changes every condition of src/cluster/plan, one at a time, and runs the unit tests of
 * that folder against each change. What no test notices is shown with its line; it is a test that is missing, or a condition that
 * makes no difference. Takes minutes, needs nothing but Node, and is no part of CI. `--near`: by the tests beside each file alone, which is quick.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { instrument, type Mutant } from './mutation/instrument.ts';
import { mirrorOf } from './mutation/mirror.ts';

const root = new URL('..', import.meta.url).pathname;
const FOLDER = 'src/cluster/plan';
/**
 * A change may make a loop endless: then it takes so many times as long as all tests without any change, and this long at least. Of the
 * processor's time, so that a busy machine makes nothing endless.
 */
const PATIENCE = 10;
let limitMs = 120_000;
const LOOK_MS = 2000;
/** Each change is a module of its own, which a process keeps for as long as it lives: hundreds of them are gigabytes. */
const IN_ONE_PROCESS = 50;
/** What a change makes endless may grow, too: it ends here, and leaves the machine to others. */
const MEMORY_MIB = 2048;

const near = process.argv.includes('--near');
const wanted = process.argv.slice(2).filter((word) => word !== '--near');
const mutants: Mutant[] = [];
const texts = new Map<string, string>();
const ignored: string[] = [];
for (const file of filesBelow(FOLDER, '.ts')) {
  if (wanted.length > 0 && !wanted.some((part) => file.includes(part))) continue;
  const done = instrument(readFileSync(join(root, file), 'utf8'), file, mutants.length + 1);
  mutants.push(...done.mutants);
  texts.set(join(root, file), done.code);
}

// As deep as a source is: paths are taken from there.
mkdirSync(join(root, 'dist'), { recursive: true });
const place = mkdtempSync(join(root, 'dist/mutation-'));
try {
  const bundle = await bundled(place);
  const worker = await bundledWorker(place);
  // What fails without any change says nothing of a change.
  for (;;) {
    const used: number[] = [];
    const [before] = await tried(worker, bundle, [0], used);
    const failed = before?.[1];
    if (!failed) {
      limitMs = Math.max(15_000, PATIENCE * Math.max(0, ...used));
      break;
    }
    console.log(`left out, for it fails without any change: ${failed}`);
    ignored.push(failed);
  }
  const results = new Map(
    await tried(
      worker,
      bundle,
      mutants.map(({ id }) => id),
    ),
  );
  report(results);
} finally {
  rmSync(place, { recursive: true });
}

function filesBelow(folder: string, ending: string): string[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))
    .sort();
}

/** All tests of the folder, with the changed sources, as one module. */
async function bundled(folder: string): Promise<string> {
  const beside = new Set(mutants.map(({ file }) => mirrorOf(file)));
  const tests = filesBelow('test/unit/cluster/plan', '.test.ts').filter((file) => !near || beside.has(file));
  const changed: Plugin = {
    name: 'mutants',
    setup({ onLoad, onResolve }) {
      onLoad({ filter: /\/src\/cluster\/plan\/.*\.ts$/ }, ({ path }) => {
        const contents = texts.get(path);
        return contents === undefined ? undefined : { contents, loader: 'ts' };
      });
      // Each test says which file it is of: those beside a change's own file are tried first.
      onLoad({ filter: /\.test\.ts$/ }, ({ path }) => ({
        contents: `${readFileSync(path, 'utf8').replace(/^(?:import [^;]*;\s*)+/, (imports) => `${imports}globalThis.testFile = ${JSON.stringify(relative(root, path))};`)}`,
        loader: 'ts',
      }));
      const reads = `import { readFileSync } from 'node:fs';
        export const shellFile = (path) => readFileSync(${JSON.stringify(`${root}src/`)} + path, 'utf8');`;
      onLoad({ filter: /\/src\/util\/shell-file\.ts$/ }, () => ({ contents: reads, loader: 'js' }));
      onResolve({ filter: /^vitest$/ }, ({ importer }) =>
        importer.includes('/test/') ? { path: join(root, 'scripts/mutation/expect.ts') } : undefined,
      );
    },
  };
  const outfile = join(folder, 'tests.mjs');
  await build({
    absWorkingDir: root,
    stdin: { contents: tests.map((file) => `import './${file}';`).join('\n'), resolveDir: root },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    plugins: [changed],
    logLevel: 'warning',
  });
  return pathToFileURL(outfile).href;
}

async function bundledWorker(folder: string): Promise<string> {
  const outfile = join(folder, 'worker.mjs');
  await build({
    entryPoints: [join(root, 'scripts/mutation/worker.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
  });
  return outfile;
}

/** By which test each was noticed; null: by none. `used`: what each took of the processor, in milliseconds. */
async function tried(
  worker: string,
  bundle: string,
  ids: readonly number[],
  used: number[] = [],
): Promise<(readonly [number, string | null])[]> {
  const results: (readonly [number, string | null])[] = [];
  let left = ids;
  while (left.length > 0) {
    const ended = await oneWorker(worker, bundle, left.slice(0, IN_ONE_PROCESS), results, used);
    left = left.slice(left.indexOf(ended) + 1);
  }
  return results;
}

/** Resolves with the last id that was dealt with. */
function oneWorker(
  file: string,
  bundle: string,
  ids: readonly number[],
  results: (readonly [number, string | null])[],
  used: number[],
): Promise<number> {
  // A process: what a test of keys has under way does not survive the end of a thread.
  const worker: ChildProcess = fork(file, { execArgv: [`--max-old-space-size=${MEMORY_MIB}`] });
  const mirrors = ids.map((id) => mirrorOf(mutants[id - 1]?.file ?? ''));
  worker.send({ bundle, ids, mirrors, near, ignored });
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    let under: number | undefined;
    let usedBefore = 0;
    const end = (id: number): void => {
      clearTimeout(timer);
      worker.kill('SIGKILL');
      resolve(id);
    };
    worker.on('error', reject);
    worker.on('exit', (code, signal) => {
      if (signal === 'SIGABRT' && under !== undefined) {
        results.push([under, 'its memory']);
        console.log(`endless: ${said(under)}`);
        end(under);
      }
      if (code) reject(new Error(`the process of the tests ended with ${code}`));
    });
    worker.on('message', ({ id, began, killedBy }: Message) => {
      clearTimeout(timer);
      if (began) {
        under = id;
        usedBefore = processorMs(worker);
        timer = setInterval(() => {
          if (processorMs(worker) - usedBefore < limitMs) return;
          results.push([id, 'its time limit']);
          console.log(`endless: ${said(id)}`);
          end(id);
        }, LOOK_MS);
        return;
      }
      used.push(processorMs(worker) - usedBefore);
      results.push([id, killedBy]);
      if (id > 0 && killedBy === null) console.log(`not noticed: ${said(id)}`);
      if (id === ids.at(-1)) end(id);
    });
  });
}

/** Of the processor, as Linux counts it: user and system, in hundredths of a second. */
function processorMs({ pid }: ChildProcess): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return 10 * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return 0;
  }
}

interface Message {
  readonly id: number;
  readonly began?: boolean;
  readonly killedBy: string | null;
}

function said(id: number): string {
  const { file, line, was, becomes } = mutants[id - 1]!;
  return `${file}:${line} ${was}  →  ${becomes}`;
}

function report(results: ReadonlyMap<number, string | null>): void {
  for (const file of new Set(mutants.map((mutant) => mutant.file))) {
    const own = mutants.filter((mutant) => mutant.file === file);
    const noticed = own.filter(({ id }) => results.get(id) !== null).length;
    console.log(`${file}: ${noticed} of ${own.length} noticed`);
  }
  const noticed = mutants.filter(({ id }) => results.get(id) !== null).length;
  const percent = Math.round((100 * noticed) / Math.max(1, mutants.length));
  console.log(`${noticed} of ${mutants.length} changes are noticed by a test (${percent} %)`);
}
