import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from './os-error.ts';

/** Why a folder is not safe from other users, and the command that mends it. */
export interface Exposure {
  /** `others can write /x/y (mode 0777)` */
  readonly fault: string;
  /** `chmod go-w '/x/y'` */
  readonly mend: string;
}

/**
 * Whether other users could change what is in a folder: it must be ours or root's and written by nobody else, as SSH asks of
 * its keys; and in no folder above it may others rename it away. Null when it is safe, or when there is none yet.
 */
export async function exposureOf(folder: string): Promise<Exposure | null> {
  const path = await realpath(folder).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP')) return null; // whoever uses it will be told
    throw error;
  });
  if (path === null) return exposureAbove(folder);
  const { mode, uid } = await stat(path);
  if (!ours(uid)) {
    return {
      fault: `${path} belongs to another user (uid ${uid}), who could change it`,
      mend: `run haup as that user, or: chown -R ${process.getuid?.() ?? ''} ${quoted(path)}`,
    };
  }
  return (mode & 0o022) !== 0 ? open(path, mode) : exposureAbove(path);
}

/** Is one folder, seen with lstat, written by its owner alone, who is us or root? */
export function isPrivate({ mode, uid }: { readonly mode: number; readonly uid: number }): boolean {
  return ours(uid) && (mode & 0o022) === 0;
}

async function exposureAbove(folder: string): Promise<Exposure | null> {
  for (let path = dirname(folder), child = folder; path !== child; child = path, path = dirname(path)) {
    const entry = await stat(path).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP')) return null;
      throw error;
    });
    if (entry === null) continue;
    const sticky = (entry.mode & 0o1000) !== 0; // only a name's owner may rename it, as in /tmp
    const direct = child === folder && entry.uid === process.geteuid?.(); // HAUP_HOME, above its store
    if (!sticky && (entry.mode & (direct ? 0o022 : 0o002)) !== 0) return open(path, entry.mode);
  }
  return null;
}

function open(path: string, mode: number): Exposure {
  return {
    fault: `others can write ${path} (mode ${(mode & 0o7777).toString(8).padStart(4, '0')})`,
    mend: `chmod go-w ${quoted(path)} (or, on a file system without modes, mount it with umask=077)`,
  };
}

function ours(uid: number): boolean {
  const me = process.geteuid?.();
  return me === undefined || uid === 0 || uid === me;
}

function quoted(path: string): string {
  return /^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
