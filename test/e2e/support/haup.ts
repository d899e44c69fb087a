import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { join } from 'node:path';
import type { Status } from '../../../src/cluster/plan/status.ts';

/** A folder of their own, at a fixed place, so that a run finds and removes what a crashed one has left. */
export const E2E_HOME = process.env.HAUP_E2E_HOME ?? '/var/tmp/haup-e2e';
/** What this process was started with. */
const PRIORITY = getPriority();
/** HAUP_MAIN: another build than this checkout's `dist`, which others may be rebuilding. */
export const MAIN = process.env.HAUP_MAIN ?? new URL('../../../dist/cli/main.js', import.meta.url).pathname;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface HaupOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly home?: string;
  readonly input?: string;
}

export interface RunningHaup {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when standard error has shown the text, or the process has ended. */
  shows(text: string | RegExp): Promise<void>;
}

/** Starts the built haup as a user would, in a store of the tests' own. */
export function startHaup(args: readonly string[], options: HaupOptions = {}): RunningHaup {
  const home = options.home ?? E2E_HOME;
  mkdirSync(home, { recursive: true });
  const passedOn = ['PATH', 'HAUP_CACHE', 'HAUP_BUILD', 'HAUP_KUBERNETES_VERSION'];
  const env = {
    ...Object.fromEntries(passedOn.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
    HOME: join(home, 'home'),
    HAUP_HOME: home,
    ...options.env,
  };
  return startProgram(process.execPath, [MAIN, ...args], env, options.input);
}

/** Starts a program that makes machines: those must not inherit what the clients of a test are given; see clientsFirst. */
export function startProgram(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input = '',
): RunningHaup {
  const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  if (child.pid !== undefined) setPriority(child.pid, PRIORITY);
  child.stdin.end(input);
  let stdout = '';
  let stderr = '';
  const watchers = new Set<() => void>();
  const heard = (): void => {
    for (const watcher of watchers) watcher();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    heard();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr });
      heard();
    });
  });
  const shows = (text: string | RegExp): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = typeof text === 'string' ? stderr.includes(text) : text.test(stderr);
        if (!found && child.exitCode === null && child.signalCode === null) return;
        watchers.delete(look);
        resolve();
      };
      watchers.add(look);
      look();
    });
  return { child, ended, shows };
}

/** Runs haup to its end, with any exit code. */
export function tryHaup(args: readonly string[], options?: HaupOptions): Promise<Ended> {
  return startHaup(args, options).ended;
}

/** Runs haup, which must succeed. Returns standard output. */
export async function haup(...args: string[]): Promise<string> {
  const ended = await tryHaup(args);
  if (ended.code !== 0) {
    throw new Error(
      `haup ${args.join(' ')} ended with ${ended.code ?? ended.signal}:\n${ended.stderr}${ended.stdout}`,
    );
  }
  return ended.stdout;
}

/** haup's exit code for it. */
export const NO_SUCH_THING = 6;

/** Deletes a cluster, which may not be there. */
export async function removeCluster(cluster: string): Promise<void> {
  const ended = await tryHaup(['delete', '-c', cluster, '--yes']);
  if (ended.code !== 0 && ended.code !== NO_SUCH_THING)
    throw new Error(`${cluster} could not be deleted:\n${ended.stderr}`);
}

export async function status(cluster: string): Promise<Status> {
  return JSON.parse(await haup('status', '-c', cluster, '-o', 'json')) as Status;
}

/** One event a line of `--log-format json`. */
export function events(ended: Ended): { type: string; step?: { kind: string }; [key: string]: unknown }[] {
  return ended.stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { type: string });
}
