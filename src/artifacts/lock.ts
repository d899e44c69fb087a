import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { closing, giveMode, makeFolder } from '../util/files.ts';
import { lockPath, type Unlock } from '../util/host/flock.ts';
import { explainDisk } from './errors.ts';

/**
 * Lets one process at a time fill a part of the cache, a folder that is made when missing. The lock is the kernel's, on a file
 * that its owner alone can open: nobody else can sit on it. Only Linux has flock(1); elsewhere nothing is locked
 * (only the local provider, which needs Linux, fills the cache), and two at once do the work twice.
 * @param part names it, as a file may be named.
 * @param options.onWait called once if another process is at it.
 * @throws ArtifactError, OsError; the signal's reason when aborted.
 */
export async function lockCache(
  cache: string,
  part: string,
  options: { readonly signal?: AbortSignal | undefined; readonly onWait?: () => void } = {},
): Promise<Unlock> {
  const folder = join(cache, 'locks');
  const path = join(folder, part);
  try {
    await makeFolder(cache, 0o755);
    await makeFolder(folder);
    const { O_CREAT, O_NOFOLLOW, O_RDWR } = constants;
    const file = await open(path, O_CREAT | O_NOFOLLOW | O_RDWR, 0o600);
    await closing(file, () => giveMode(file, 0o600));
  } catch (error) {
    throw explainDisk(error, cache);
  }
  if (process.platform !== 'linux') return () => {};
  return await lockPath(path, options);
}
