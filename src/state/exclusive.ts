import { randomBytes } from 'node:crypto';
import { readFileSync, unlinkSync } from 'node:fs';
import { link, lstat, rename, rm, unlink, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { lacksLinks, readFileOrNull, uniqueSuffix, writeNewFile } from '../util/files.ts';
import { hasCode } from '../util/host/os-error.ts';
import { parseJson } from '../util/text/json.ts';
import { bootTime, isOwnDisk, lifeOf, processSchema, thisProcess } from './process.ts';

/**
 * A file that at most one living process has. It names its owner, so that whoever comes later can see who that is and
 * whether it still lives. A file of a dead owner is taken over by exactly one of those who try: only the one who has the
 * *claim* on that very file (a file like it, named after the dead file's token) may replace it, and the claim of one who
 * died over it is taken over in the same way.
 */
export interface Exclusive {
  /** Idempotent. */
  release(): Promise<void>;
}

/** The file belongs to somebody who lives, or who cannot be seen from here. */
export interface Taken {
  /** null: the file cannot be read as one of ours. */
  readonly owner: OwnerRecord | null;
  /** False: on another machine or in another container, or the file is not ours. */
  readonly visible: boolean;
  /** When its owner last renewed it; milliseconds since the epoch. */
  readonly renewedAt: number;
}

/** How often an owner renews its file's time, so that others can see from afar that it lives. */
export const RENEWAL_MS = 10_000;

/** Without hard links a file appears before its text does: how long its text may take. */
const WRITING_MS = 2_000;

const ownerSchema = z.object({
  format: z.literal('haup-lock'),
  /** Names this very acquisition. Hexadecimal, because it becomes part of a file name. */
  token: z.string().regex(/^[0-9a-f]{32}$/),
  ...processSchema.shape,
  since: z.iso.datetime(),
  doing: z.string(),
});

export type OwnerRecord = z.infer<typeof ownerSchema>;

interface Seen {
  readonly id: string;
  readonly owner: OwnerRecord | null;
  /** When it was written, or last renewed. */
  readonly renewedAt: number;
}

/** Who has the file: null when nobody who may still live has it. Changes nothing. */
export async function ownerOf(path: string): Promise<OwnerRecord | null> {
  const seen = await look(path);
  return seen?.owner && (await lifeOfOwner(path, seen)) !== 'dead' ? seen.owner : null;
}

async function lifeOfOwner(path: string, { owner, renewedAt }: Seen): Promise<'alive' | 'dead' | 'unknown'> {
  const ownDisk = await isOwnDisk(dirname(path));
  if (owner) return lifeOf({ process: owner, renewedAt, ownDisk });
  return ownDisk && renewedAt < bootTime() ? 'dead' : 'unknown'; // a power failure may empty a file
}

/** Tries once, without waiting. The folder must exist. */
export async function tryExclusive(path: string, doing: string): Promise<Exclusive | Taken> {
  const begun = Date.now();
  for (;;) {
    const seen = await look(path);
    if (seen === null) {
      const mine = await placeNew(path, doing);
      if (mine !== null) return mine;
      continue;
    }
    const life = await lifeOfOwner(path, seen);
    if (life === 'unknown' && seen.owner === null && begun + WRITING_MS > Date.now()) {
      await pause(10);
      continue;
    }
    if (life !== 'dead') return { owner: seen.owner, visible: life === 'alive', renewedAt: seen.renewedAt };
    const claim = await tryExclusive(`${path}.${seen.id}`, doing);
    if (isTaken(claim)) return claim;
    try {
      // Whoever had the claim before us may have finished: then the file is no longer the one that we saw.
      if ((await look(path))?.id === seen.id) return await replaceDead(path, doing);
    } finally {
      await claim.release();
    }
  }
}

export function isTaken(result: Exclusive | Taken): result is Taken {
  return 'visible' in result;
}

/** Null when somebody else was first. */
async function placeNew(path: string, doing: string): Promise<Exclusive | null> {
  const { text, token } = ownRecord(doing);
  const temporary = `${path}.${uniqueSuffix()}.tmp`;
  try {
    await writeNewFile(temporary, text);
    await link(temporary, path).catch((error: unknown) => {
      if (!lacksLinks(error)) throw error;
      return writeNewFile(path, text);
    });
  } catch (error) {
    // ENOENT: the present owner has swept our temporary file away. Over NFS a repeated call may say EEXIST of our own.
    if (!hasCode(error, 'EEXIST', 'ENOENT')) throw error;
    if ((await look(path))?.id !== token) return null;
  } finally {
    await rm(temporary, { force: true });
  }
  return owned(path, token);
}

async function replaceDead(path: string, doing: string): Promise<Exclusive> {
  const { text, token } = ownRecord(doing);
  const temporary = `${path}.${uniqueSuffix()}.tmp`;
  try {
    await writeNewFile(temporary, text);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  return owned(path, token);
}

function ownRecord(doing: string): { readonly text: string; readonly token: string } {
  const token = randomBytes(16).toString('hex');
  const since = new Date().toISOString();
  const record: OwnerRecord = { format: 'haup-lock', token, ...thisProcess(), since, doing };
  return { text: `${JSON.stringify(record, null, 2)}\n`, token };
}

async function look(path: string): Promise<Seen | null> {
  try {
    const { ino, mtimeMs } = await lstat(path);
    const text = await readFileOrNull(path);
    if (text === null) return null;
    const owner = ownerSchema.safeParse(parseJson(text)).data ?? null;
    return { id: owner?.token ?? `${ino}-${Math.floor(mtimeMs)}`, owner, renewedAt: mtimeMs };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

function owned(path: string, token: string): Exclusive {
  // A process that ends by itself leaves no file; one that is killed leaves a dead one.
  const onExit = (): void => {
    try {
      if (readFileSync(path, 'utf8').includes(token)) unlinkSync(path);
    } catch {
      // gone with its folder
    }
  };
  process.on('exit', onExit);
  const renewal = setInterval(() => void renew(path, token), RENEWAL_MS);
  renewal.unref();
  let released = false;
  return {
    async release() {
      if (released) return;
      released = true;
      process.off('exit', onExit);
      clearInterval(renewal);
      // Somebody may have removed it by hand and another haup have taken it: then it is not ours to remove.
      if ((await look(path).catch(() => null))?.id === token) await unlink(path).catch(() => {});
    },
  };
}

async function renew(path: string, token: string): Promise<void> {
  try {
    if ((await look(path))?.id === token) await utimes(path, new Date(), new Date());
  } catch {
    // the disk is away for a moment; the next renewal tries again
  }
}
