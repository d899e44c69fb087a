import { stat } from 'node:fs/promises';
import { makeFolder } from '../../../util/files.ts';
import { lockPath, type Unlock } from '../../../util/host/flock.ts';
import { isMissing } from './files.ts';

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
    // With the slash, flock does not make a file where the folder is gone.
    const unlock = await lockPath(`${folder}/`, { signal }).catch(async (error) => {
      if ((await inode(folder)) === null) return null;
      throw error;
    });
    if (unlock && before !== null && before === (await inode(folder))) return unlock;
    unlock?.();
  }
}

async function inode(folder: string): Promise<number | null> {
  try {
    return (await stat(folder)).ino;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
