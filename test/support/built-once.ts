import { randomBytes } from 'node:crypto';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../src/artifacts/cache.ts';
import { lockCache } from '../../src/artifacts/lock.ts';

/** The cache's folder for something that tests alone need. `name` says what it is made from. */
export function testCache(name: string): string {
  return join(cacheFolder(process.env), 'tests', name);
}

/** Whether {@link builtOnce} has made it. */
export function isBuilt(name: string): Promise<boolean> {
  return access(testCache(name)).then(
    () => true,
    () => false,
  );
}

/** The folder of what `build` has put into it, by whichever process comes first. It appears whole or not at all. */
export async function builtOnce(
  name: string,
  build: (folder: string) => Promise<unknown>,
  say: (message: string) => void = (message) => process.stdout.write(`${message}\n`),
): Promise<string> {
  const folder = testCache(name);
  const unlock = await lockCache(cacheFolder(process.env), name);
  const work = `${folder}.new-${randomBytes(4).toString('hex')}`;
  try {
    if (await isBuilt(name)) return folder;
    say(`building ${name}`);
    await mkdir(work, { recursive: true });
    await build(work);
    await rename(work, folder);
    return folder;
  } finally {
    await rm(work, { recursive: true, force: true });
    unlock();
  }
}
