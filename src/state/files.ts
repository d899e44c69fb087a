import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, open, readdir, rename, rm, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasCode } from './errors.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** A random suffix that {@link sweepTemporary} knows again. */
export function uniqueSuffix(): string {
  return randomBytes(6).toString('hex');
}

/** Writes a file that was not there, 0600 from its first moment, and waits until the disk has it. Not its folder's entry. */
export async function writeNewFile(path: string, text: string): Promise<void> {
  const file = await open(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600);
  await closing(file, async () => {
    await file.writeFile(text);
    await file.sync();
  });
}

/** Replaces the file, or makes it: a reader sees the old text or the new, also after a crash or a full disk. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await withTemporary(path, text, async (temporary) => {
    await rename(temporary, path);
    await syncFolder(dirname(path));
  });
}

/** Makes the file with all of its text at once; false when there is one already. */
export async function createFile(path: string, text: string): Promise<boolean> {
  return await withTemporary(path, text, async (temporary) => {
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

/** Waits until the disk has the folder's entries: names made, renamed or removed. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, O_RDONLY);
  await closing(folder, () => folder.sync());
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

/** `.save.lock.*`: what a crash left of a claim on a dead save's lock. */
const temporaryName = /^\.(.+\.[0-9a-f]{12}\.tmp|save\.lock\..+)$/;

async function withTemporary<T>(
  path: string,
  text: string,
  use: (temporary: string) => Promise<T>,
): Promise<T> {
  const temporary = join(dirname(path), `.${basename(path)}.${uniqueSuffix()}.tmp`);
  try {
    await writeNewFile(temporary, text);
    return await use(temporary);
  } finally {
    await unlink(temporary).catch(() => {}); // renamed away, or never made
  }
}

async function closing<T>(file: FileHandle, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } finally {
    await file.close();
  }
}
