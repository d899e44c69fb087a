import { spawn } from 'node:child_process';
import { OsError } from './os-error.ts';

/** Gives the lock back. */
export type Unlock = () => void;

/** flock(1) ends with this when another has the lock: sysexits' EX_TEMPFAIL, which `cat` never ends with. */
const TAKEN = 75;

/**
 * Takes the kernel's lock on a file (made when missing) or, with a slash at its end, a folder. A `flock` process holds it and
 * ends with ours, however we end, and not before: a lock never outlives its holder. Only who may open the path can hold its
 * lock: use one that others cannot open.
 * @param options.onWait called once if another has it.
 * @throws OsError; the signal's reason when aborted.
 */
export async function lockPath(
  path: string,
  options: { readonly signal?: AbortSignal | undefined; readonly onWait?: () => void } = {},
): Promise<Unlock> {
  const { signal, onWait } = options;
  if (onWait) {
    const unlock = await runFlock(path, ['--nonblock', '--conflict-exit-code', String(TAKEN)], signal);
    if (unlock) return unlock;
    onWait();
  }
  return (await runFlock(path, [], signal))!;
}

/** Null when another has it and we were not to wait. */
function runFlock(path: string, how: readonly string[], signal?: AbortSignal): Promise<Unlock | null> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    // In a session of its own: a hang-up that we were told to ignore (nohup), or a Ctrl-C that we answer when what is under the lock
    // is done, would end it under us. It ends when its stdin does, which the kernel closes for us however we die.
    const child = spawn('flock', ['--exclusive', ...how, path, 'cat'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    let words = '';
    const abort = () => {
      child.kill('SIGKILL');
      child.stdin.destroy(); // flock may have had it just now: its `cat` ends by this
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    const settled = () => signal?.removeEventListener('abort', abort);
    child.stdin.on('error', () => {});
    child.stderr.on('data', (chunk: Buffer) => {
      words = `${words}${chunk}`.slice(0, 300);
    });
    child.once('error', (error) => {
      settled();
      reject(error);
    });
    child.once('close', (code) => {
      settled();
      if (code === TAKEN && how.length > 0) resolve(null);
      else
        reject(
          new OsError(
            'host',
            `could not lock ${path}: ${words.trim() || `flock ended with exit code ${code}`}`,
          ),
        );
    });
    child.stdout.once('data', () => {
      settled();
      resolve(() => child.stdin.end());
    });
    // `cat` runs only once flock has the lock; its echo is how we know.
    child.stdin.write('\n');
  });
}
