import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, unlink } from 'node:fs/promises';
import { systemClock } from '../../util/clock.ts';
import { closing, giveMode, type Owner, replaceFile } from '../../util/files.ts';
import { hasCode, isSystemError, OsError, osError } from '../../util/host/os-error.ts';
import { GiveUp, TimeoutError, waitFor } from '../../util/wait.ts';
import { UsageError } from '../errors.ts';
import { type Place, reach } from './reach.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;

/** The folder gives no room for other names: it is not ours, or its disk can only be read. */
const CLOSED = ['EACCES', 'EPERM', 'EROFS'];

/**
 * Replaces a file's text by what `change` makes of it, under kubectl's lock: at once where its folder lets us, and in place
 * where something is mounted on the file. The file keeps its owner; one that root makes in another user's folder is that
 * user's. Everything goes through open descriptors, and no link of another user is followed (see {@link reach}).
 * @throws OsError, UsageError, and what `change` throws; the file is as it was then.
 */
export async function rewrite(file: string, change: (before: string) => string): Promise<void> {
  await toldOf(file, async () => {
    const place = await reach(file);
    try {
      const unlock = await lock(place);
      try {
        await rewriteAt(place, change, unlock !== null);
      } finally {
        await unlock?.();
      }
    } finally {
      await place.close();
    }
  });
}

/** Another file that kubectl reads; null when there is none. */
export async function readOther(file: string): Promise<string | null> {
  return await toldOf(file, async () => {
    const handle = await open(file, O_RDONLY | O_NONBLOCK).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return null;
      throw error;
    });
    return handle && (await closing(handle, () => handle.readFile('utf8')));
  });
}

interface Before {
  readonly text: string;
  readonly stats: Stats;
}

async function rewriteAt(
  place: Place,
  change: (before: string) => string,
  folderIsOpen: boolean,
): Promise<void> {
  const before = await read(place);
  const text = change(before?.text ?? '');
  if (folderIsOpen) {
    try {
      await replace(place, text, before);
      return;
    } catch (error) {
      if (!before || !hasCode(error, 'EBUSY', ...CLOSED)) throw error;
    }
  }
  await writeInPlace(place, text, before);
}

async function read(place: Place): Promise<Before | null> {
  const handle = await open(place.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  });
  if (!handle) return null;
  return await closing(handle, async () => {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new UsageError(`${place.shown} is no file, and was left as it is`);
    return { text: await handle.readFile('utf8'), stats };
  });
}

async function replace(place: Place, text: string, before: Before | null): Promise<void> {
  const inode = await replaceFile(place.path, text, { mode: 0o600, owner: ownerFor(place, before) });
  const now = await lstat(place.path, { bigint: true });
  // Whose folder it is may put something else in our draft's place; then that is there, and not what was written.
  if (now.ino !== inode)
    throw new OsError('input', `another program put something else in the place of ${place.shown}`);
}

function ownerFor(place: Place, before: Before | null): Owner | undefined {
  if (process.geteuid?.() !== 0) return undefined;
  const { uid, gid } = before?.stats ?? place.owner;
  return { uid, gid };
}

/** For a file that cannot be replaced, such as one that is mounted. What was there comes back when the disk fills up. */
async function writeInPlace(place: Place, text: string, before: Before | null): Promise<void> {
  const handle = before
    ? await open(place.path, O_RDWR | O_NOFOLLOW | O_NONBLOCK)
    : await open(place.path, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600);
  await closing(handle, async () => {
    const { ino, nlink } = await handle.stat();
    if (before && ino !== before.stats.ino)
      throw new OsError('input', `another program put something else in the place of ${place.shown}`);
    if (nlink > 1)
      throw new OsError(
        'input',
        `${place.shown} has a second name (a hard link), and cannot be replaced: name another file`,
      );
    try {
      await overwrite(handle, text);
    } catch (error) {
      if (before) await overwrite(handle, before.text);
      throw error;
    }
    await giveMode(handle, 0o600).catch(() => {}); // it is another's, who decides
  });
}

async function overwrite(handle: FileHandle, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, done);
    done += bytesWritten;
  }
  await handle.truncate(bytes.length);
  await handle.sync();
}

/** kubectl holds FILE.lock while it writes. Null where the folder takes no lock: kubectl could not write there either. */
async function lock(place: Place): Promise<(() => Promise<void>) | null> {
  const path = place.beside(`${place.name}.lock`);
  const handle = await waitFor(
    async () => {
      try {
        return await open(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600);
      } catch (error) {
        if (hasCode(error, 'EEXIST')) return undefined;
        if (hasCode(error, ...CLOSED)) return null;
        throw new GiveUp(error);
      }
    },
    { what: 'kubectl', timeoutMs: 5_000, clock: systemClock },
  ).catch((error: unknown) => {
    if (!(error instanceof TimeoutError)) throw error;
    throw new UsageError(
      `${place.shown}.lock is there: kubectl, or another haup, is writing; remove it if none is`,
    );
  });
  if (handle === null) return null;
  await handle.close();
  return async () => {
    await unlink(path).catch(() => {}); // somebody removed it by hand
  };
}

/** Errors name the file as the user did, not the way to it. */
async function toldOf<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const advice = hasCode(error, 'EROFS', ...CLOSED)
      ? 'set KUBECONFIG to a file that you can write'
      : undefined;
    throw osError(`write ${file}`, error, advice);
  }
}
