import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, type FileHandle, link, mkdir, open, readdir, rename, rm, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasCode } from './host/os-error.ts';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** Whose a file is to be, where that is not who writes it. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Read, write and execute for its owner; whatever the umask is. */
export interface Access {
  /** Default 0600. */
  readonly mode?: number;
  readonly owner?: Owner | undefined;
}

/** A random suffix that {@link sweepTemporary} knows again. */
export function uniqueSuffix(): string {
  return randomBytes(6).toString('hex');
}

/**
 * Writes a file that was not there, with its mode whatever the umask, and waits until the disk has it. Not its folder's
 * entry. Owner and mode are set on the open file, so that nobody's link is ever followed. Returns its inode number.
 */
export async function writeNewFile(path: string, text: string, access: Access = {}): Promise<bigint> {
  const { mode = 0o600, owner } = access;
  const file = await open(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, mode & 0o600);
  try {
    return await closing(file, async () => {
      if (owner) await file.chown(owner.uid, owner.gid);
      await giveMode(file, mode);
      await file.writeFile(text);
      await file.sync();
      return (await file.stat({ bigint: true })).ino;
    });
  } catch (error) {
    await unlink(path).catch(() => {}); // half a file is none
    throw error;
  }
}

/**
 * Replaces the file, or makes it: a reader sees the old text or the new, also after a crash or a full disk. Returns the
 * new file's inode number.
 */
export async function replaceFile(path: string, text: string, access: Access = {}): Promise<bigint> {
  return await withTemporary(path, text, access, async (temporary, inode) => {
    await rename(temporary, path);
    await syncFolder(dirname(path));
    return inode;
  });
}

/**
 * Makes the file with all of its text at once; false when there is one already.
 * @throws the system's error, of which {@link lacksLinks} knows whether it is the file system that cannot do it.
 */
export async function createFile(path: string, text: string): Promise<boolean> {
  return await withTemporary(path, text, {}, async (temporary) => {
    try {
      await link(temporary, path);
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false;
      throw error;
    }
    await syncFolder(dirname(path));
    return true;
  });
}

/** Is it a hard link that was refused, for the file system has none (FAT, some shared folders)? */
export function lacksLinks(error: unknown): boolean {
  const { syscall } = error as NodeJS.ErrnoException;
  return syscall === 'link' && hasCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL');
}

/** The file's text; null when there is none. A symbolic link is refused (ELOOP), a pipe is not waited for. */
export async function readFileOrNull(path: string): Promise<string | null> {
  try {
    const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    return await closing(file, () => file.readFile('utf8'));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

/**
 * Makes a folder and those above it that are missing, each with `mode` whatever the umask. Another process may be
 * deleting the ones above because they are empty: they are made again. Returns the topmost that was made.
 */
export async function makeFolder(path: string, mode = 0o700): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return (await makeOneFolder(path, mode)) ? path : undefined;
    } catch (error) {
      if (!hasCode(error, 'ENOENT') || path === dirname(path) || attempt === 10) throw error;
    }
    const first = await makeFolder(dirname(path), mode);
    if (first === undefined) continue;
    await makeFolder(path, mode);
    return first;
  }
}

/** False when it is there already. */
async function makeOneFolder(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    await closing(await open(path, O_RDONLY | O_DIRECTORY), async () => {}); // ENOTDIR says more than EEXIST
    return false;
  }
  try {
    const folder = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    await closing(folder, () => giveMode(folder, mode));
  } catch (error) {
    // A umask that takes rights from the owner too leaves a folder that its owner cannot open.
    if (!hasCode(error, 'EACCES')) throw error;
    await chmod(path, mode);
  }
  return true;
}

/** Gives an open file or folder its mode, as far as its file system knows any; never leaves more than was wanted. */
export async function giveMode(file: FileHandle, mode: number): Promise<void> {
  const has = (await file.stat()).mode & 0o777;
  if (has === mode) return;
  try {
    await file.chmod(mode);
  } catch (error) {
    // FAT and its like have one mode for all: as they are mounted.
    if (!hasCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS') || (has & ~mode & 0o077) !== 0)
      throw error;
  }
}

/** Waits until the disk has the folder's entries: names made, renamed or removed. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, O_RDONLY);
  await closing(folder, async () => {
    try {
      await folder.sync();
    } catch (error) {
      if (!hasCode(error, 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EBADF')) throw error; // cannot sync folders
    }
  });
}

/** Removes what a crash of the above may have left in a folder. Only for who alone may write there. */
export async function sweepTemporary(folder: string): Promise<void> {
  for (const name of await entries(folder))
    if (temporaryName.test(name)) await rm(join(folder, name), { force: true });
}

/** The folder's names; none when there is no folder. */
export async function entries(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

/** `.save.lock.*`, `.put.lock.*`: what a crash left of a claim on a dead one's lock. */
const temporaryName = /^\.(.+\.[0-9a-f]{12}\.tmp|(save|put)\.lock\..+)$/;

async function withTemporary<T>(
  path: string,
  text: string,
  access: Access,
  use: (temporary: string, inode: bigint) => Promise<T>,
): Promise<T> {
  const temporary = join(dirname(path), `.${basename(path)}.${uniqueSuffix()}.tmp`);
  try {
    return await use(temporary, await writeNewFile(temporary, text, access));
  } finally {
    await unlink(temporary).catch(() => {}); // renamed away, or never made
  }
}

export async function closing<T>(file: FileHandle, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } finally {
    await file.close();
  }
}
