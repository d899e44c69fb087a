import { chmod, lchown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Set-uid, set-gid and sticky: a change of owner takes the first two away. */
const SPECIAL = 0o7000;

/** Adds `by` to the owner and the group of every file below `root` and of `root` itself, once each, links to a file included. */
export async function shiftOwners(root: string, by: number): Promise<void> {
  const seen = new Set<number>();
  const shift = async (path: string): Promise<void> => {
    const stats = await lstat(path);
    if (stats.nlink > 1 && !stats.isDirectory()) {
      if (seen.has(stats.ino)) return;
      seen.add(stats.ino);
    }
    await lchown(path, stats.uid + by, stats.gid + by);
    if (stats.isSymbolicLink()) return;
    if (stats.mode & SPECIAL) await chmod(path, stats.mode & 0o7777);
    if (!stats.isDirectory()) return;
    for (const name of await readdir(path)) await shift(join(path, name));
  };
  await shift(root);
}
