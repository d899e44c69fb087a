import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { ProviderError } from '../errors.ts';
import { isMissing, makeFolder } from './files.ts';

/** Releases the lock. */
export type Unlock = () => void;

/**
 * Runs `body` while no other process, and no other call of ours, holds the lock on `folder` (made when missing); waits
 * for it as long as need be. The folder itself is locked, so that no lock file stays behind.
 */
export async function withLock<T>(folder: string, body: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const unlock = await lockFolder(folder, signal);
  try {
    return await body();
  } finally {
    unlock();
  }
}

async function lockFolder(folder: string, signal?: AbortSignal): Promise<Unlock> {
  for (;;) {
    await makeFolder(folder);
    const before = await inode(folder);
    // Whoever held it may have deleted the folder: then there is nothing to lock, or we hold a lock on nothing.
    const unlock = await lockPath(folder, signal).catch(async (error) => {
      if ((await inode(folder)) === null) return null;
      throw error;
    });
    if (unlock && before !== null && before === (await inode(folder))) return unlock;
    unlock?.();
  }
}

/** A `flock` process holds the kernel's lock and ends with ours, however we end: a lock never outlives its holder. */
function lockPath(path: string, signal?: AbortSignal): Promise<Unlock> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    // With the slash, flock does not make a file where the folder is gone.
    const child = spawn('flock', ['--exclusive', `${path}/`, 'cat'], { stdio: ['pipe', 'pipe', 'ignore'] });
    const abort = () => {
      child.kill('SIGKILL');
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    const settled = () => signal?.removeEventListener('abort', abort);
    child.stdin.on('error', () => {});
    child.once('error', (error) => {
      settled();
      reject(error);
    });
    child.once('exit', (code) => {
      settled();
      reject(new ProviderError('transient', `could not lock ${path}: flock ended with exit code ${code}`));
    });
    child.stdout.once('data', () => {
      settled();
      resolve(() => child.stdin.end());
    });
    // `cat` runs only once flock has the lock; its echo is how we know.
    child.stdin.write('\n');
  });
}

async function inode(folder: string): Promise<number | null> {
  try {
    return (await stat(folder)).ino;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
