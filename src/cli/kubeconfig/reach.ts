import { constants, existsSync } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, readlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { closing, giveMode, type Owner } from '../../util/files.ts';
import { hasCode, OsError } from '../../util/host/os-error.ts';

/** A name in a folder that is held open: nobody can put another folder in its place meanwhile. */
export interface Place {
  /** For system calls alone: on Linux it goes through our own descriptor. */
  readonly path: string;
  /** Another name in the same folder, likewise. */
  beside(name: string): string;
  /** The name itself, without its folder. */
  readonly name: string;
  /** Where it is, for people. */
  readonly shown: string;
  /** Of the folder. */
  readonly owner: Owner;
  close(): Promise<void>;
}

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
/** open(2): Linux has it on every architecture that Node runs on; Node does not name it. */
const O_PATH = process.platform === 'linux' ? 0o10000000 : 0;
const MOST_LINKS = 40;

/**
 * Goes to a file's folder, step by step, each on the descriptor of the one before; makes the folders that are missing (0700,
 * and those of whoever has the folder above, where we are root). A symbolic link on the way, or in the file's place, is
 * followed only if it is ours or root's: another user's could lead us anywhere. The file need not be there.
 * @throws OsError for such a link; the system's errors.
 */
export async function reach(file: string): Promise<Place> {
  const steps = stepsOf(resolve(file));
  let folder = await openRoot();
  try {
    for (let links = 0; ; ) {
      const step = steps.shift()!;
      const target = await linkAt(folder, step, file);
      if (target !== null) {
        links += 1;
        if (links > MOST_LINKS) throw new OsError('input', `${file} is a link that leads in a circle`);
        steps.unshift(...stepsOf(target));
        if (target.startsWith('/')) folder = await next(folder, await openRoot());
      } else if (steps.length === 0) {
        return await placeIn(folder, step);
      } else {
        folder = await next(folder, await enter(folder, step));
      }
    }
  } catch (error) {
    await folder.handle?.close();
    throw error;
  }
}

interface Folder {
  /** Null where there are no paths through descriptors (not Linux, no /proc). */
  readonly handle: FileHandle | null;
  readonly shown: string;
}

function at({ handle, shown }: Folder, name: string): string {
  return handle ? `/proc/self/fd/${handle.fd}/${name}` : join(shown, name);
}

async function openRoot(): Promise<Folder> {
  const through = existsSync('/proc/self/fd');
  return { handle: through ? await open('/', O_PATH | O_DIRECTORY) : null, shown: '/' };
}

async function next(before: Folder, after: Folder): Promise<Folder> {
  await before.handle?.close();
  return after;
}

/** Null when it is no link. */
async function linkAt(folder: Folder, step: string, file: string): Promise<string | null> {
  const entry = await lstat(at(folder, step)).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  });
  if (!entry?.isSymbolicLink()) return null;
  if (entry.uid !== 0 && entry.uid !== process.geteuid?.())
    throw new OsError(
      'input',
      `${file} leads through ${join(folder.shown, step)}, a link of another user (uid ${entry.uid})`,
      {
        advice: 'name the file itself, or run haup as that user',
      },
    );
  return await readlink(at(folder, step));
}

async function enter(folder: Folder, step: string): Promise<Folder> {
  const path = at(folder, step);
  const shown = join(folder.shown, step);
  const into = (): Promise<FileHandle> => open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  const handle = await into().catch(async (error: unknown) => {
    if (!hasCode(error, 'ENOENT')) throw error;
    await mkdir(path, { mode: 0o700 }).catch((failure: unknown) => {
      if (!hasCode(failure, 'EEXIST')) throw failure;
    });
    await giveAway(folder, path);
    return await into();
  });
  if (folder.handle) return { handle, shown };
  await handle.close();
  return { handle: null, shown };
}

/** A folder that root made in another user's is that user's; only an empty one of ours is given away, whatever is there now. */
async function giveAway(above: Folder, path: string): Promise<void> {
  const made = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  await closing(made, async () => {
    const { uid } = await made.stat();
    if (uid !== process.geteuid?.()) return;
    await giveMode(made, 0o700);
    const owner = await ownerOf(above);
    if (uid !== 0 || owner.uid === 0) return;
    const names = above.handle ? await readdir(`/proc/self/fd/${made.fd}`) : await readdir(path);
    if (names.length === 0) await made.chown(owner.uid, owner.gid);
  });
}

async function ownerOf(folder: Folder): Promise<Owner> {
  const { uid, gid } = await (folder.handle ? folder.handle.stat() : lstat(folder.shown));
  return { uid, gid };
}

async function placeIn(folder: Folder, name: string): Promise<Place> {
  return {
    path: at(folder, name),
    beside: (other) => at(folder, other),
    name,
    shown: join(folder.shown, name),
    owner: await ownerOf(folder),
    close: async () => folder.handle?.close(),
  };
}

function stepsOf(path: string): string[] {
  return path.split('/').filter((step) => step !== '' && step !== '.');
}
