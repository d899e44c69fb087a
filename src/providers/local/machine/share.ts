import { chmod, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Makes the folder of the operator's binaries, when missing, and lets everybody run the programs in it, whatever the umask was: to
 * the host's files root in a master is anybody. Above the folder nothing is opened: it is bound into the machine as it is.
 */
export async function share(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const paths = [folder, ...(await readdir(folder)).map((name) => join(folder, name))];
  await Promise.all(
    paths.map(async (path) => {
      const stats = await stat(path);
      // Nothing but programs: what else lies here is nobody's business.
      if (!(stats.mode & 0o100)) return;
      const owners = stats.mode & 0o500;
      const all = (owners >> 3) | (owners >> 6);
      const mode = stats.mode & 0o7777;
      if ((mode | all) !== mode) await chmod(path, mode | all);
    }),
  );
}
