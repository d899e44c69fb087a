import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { arch } from 'node:os';
import { join } from 'node:path';
import { exec } from '../../../util/exec.ts';
import type { Variables } from '../../../util/variables.ts';
import { ProviderError } from '../../errors.ts';
import { exists } from '../host/files.ts';
import { withLock } from '../host/flock.ts';
import { SHIFTED } from '../machine/uids.ts';
import { buildImage } from './build.ts';
import { imageKey } from './recipe.ts';
import { shiftOwners } from './shift.ts';

export interface EnsureImageOptions {
  /** The operator's cache of artifacts and images. */
  readonly cacheFolder: string;
  readonly environment: Variables;
  readonly onProgress?: (message: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * The folder of the machines' root file system, read-only for everybody: built at the first call (about 40 s), from
 * the cache afterwards. Safe for several processes at once: one builds, the others wait for it.
 * @throws ProviderError `preflight`, `transient`
 */
export async function ensureImage(options: EnsureImageOptions): Promise<string> {
  return await ensured(options, '', (folder) => buildImage(folder, options));
}

/** The same with shifted owners, for machines whose root is not the host's: a copy, made at the first call (a few seconds). */
export async function ensureShiftedImage(options: EnsureImageOptions): Promise<string> {
  const image = await ensureImage(options);
  return await ensured(options, `.shifted-${SHIFTED}`, async (folder) => {
    await exec('cp', ['--archive', '--reflink=auto', image, folder]);
    await shiftOwners(folder, SHIFTED);
  });
}

async function ensured(
  options: EnsureImageOptions,
  suffix: string,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(options.cacheFolder, 'images');
  const key = `${imageKey(arch())}${suffix}`;
  const image = join(folder, key);
  if (/[:,\\\n]/.test(image)) {
    throw new ProviderError('invalid', `HAUP_CACHE must not contain a colon, comma or backslash: ${image}`);
  }
  // An image gets its name only when it is complete.
  if (await exists(image)) return image;
  options.onProgress?.('waiting for the machine image');
  return await withLock(
    folder,
    async () => {
      if (await exists(image)) return image;
      await removeLeftovers(folder, key);
      const unfinished = join(folder, `${key}.unfinished-${process.pid}`);
      try {
        await make(unfinished);
        await rename(unfinished, image);
      } catch (error) {
        // An interrupted debootstrap may write for another moment.
        await rm(unfinished, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
        throw error;
      }
      return image;
    },
    options.signal,
  );
}

/** True when no image has to be built. */
export async function imageIsCached(cache: string): Promise<boolean> {
  return await exists(join(cache, 'images', imageKey(arch())));
}

async function removeLeftovers(folder: string, key: string): Promise<void> {
  for (const entry of await readdir(folder)) {
    if (!entry.startsWith(`${key}.unfinished-`)) continue;
    const path = join(folder, entry);
    // debootstrap mounts in a namespace of its own; should anything be mounted here all the same, deleting would be fatal.
    const mounts = await readFile('/proc/self/mounts', 'utf8');
    if (mounts.includes(path))
      throw new ProviderError('conflict', `something is mounted below ${path}: unmount it`);
    await rm(path, { recursive: true, force: true });
  }
}
