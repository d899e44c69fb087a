import { type ChildProcess, spawn } from 'node:child_process';
import { Failure } from './failure.ts';

let apart = false;

/**
 * From now on children do not get a terminal's signals, which reach a whole process group: what haup ignores must not end its
 * children, which do not inherit that.
 */
export function keepChildrenFromTerminal(): void {
  apart = true;
}

export interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A child process ended with another code than 0. */
export class ExecError extends Failure {
  override readonly name = 'ExecError';
  readonly failure = 'trouble';
  readonly result: ExecResult;

  constructor(file: string, result: ExecResult) {
    const words = (result.stderr.trim() || result.stdout.trim()).slice(-1000);
    super(`${file} failed (exit code ${result.code})${words ? `: ${words}` : ''}`);
    this.result = result;
  }
}

/**
 * Runs a program without a shell. Secrets go through `input`, never through `args`. Resolves with any exit code.
 * @param options.heard is told standard error, as it comes.
 * @param options.graceMs how long a program that is aborted may take to end by itself, interrupted as by Ctrl-C; absent: it is not
 * waited for. What was heard until then is all that is told of it.
 */
export function tryExec(
  file: string,
  args: readonly string[],
  options: {
    input?: string;
    signal?: AbortSignal;
    cwd?: string;
    env?: NodeJS.ProcessEnv;
    heard?: (text: string) => void;
    graceMs?: number;
  } = {},
): Promise<ExecResult> {
  const { signal, graceMs } = options;
  return new Promise((resolve, reject) => {
    if (graceMs !== undefined) signal?.throwIfAborted();
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: options.env,
      ...(graceMs === undefined ? { signal } : {}),
      detached: apart,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      err.push(chunk);
      options.heard?.(chunk.toString());
    });
    child.stdin.on('error', () => {}); // the child may end before it has read its input
    child.on('error', reject);
    child.on('close', (code, killed) =>
      resolve({
        code: code ?? (killed ? 128 : 1),
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      }),
    );
    if (graceMs !== undefined && signal) endGently(child, signal, graceMs, reject);
    child.stdin.end(options.input ?? '');
  });
}

/** Interrupts a program when it is aborted, and kills it where that does not end it in time; tells when it has ended. */
function endGently(
  child: ChildProcess,
  signal: AbortSignal,
  graceMs: number,
  told: (reason: unknown) => void,
): void {
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    child.kill('SIGINT');
    timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  };
  signal.addEventListener('abort', end, { once: true });
  const ended = (): void => {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    if (timer) told(signal.reason);
  };
  child.once('exit', ended).once('error', ended);
}

/** Like {@link tryExec}, but throws {@link ExecError} unless the exit code is 0. Returns standard output. */
export async function exec(
  file: string,
  args: readonly string[],
  options: Parameters<typeof tryExec>[2] = {},
): Promise<string> {
  const result = await tryExec(file, args, options);
  if (result.code !== 0) throw new ExecError(file, result);
  return result.stdout;
}
