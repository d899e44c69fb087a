import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { makeFolder, replaceFile } from '../../../util/files.ts';
import { ProviderError } from '../../errors.ts';

/** Writes a file, and the folders above it, so that after a crash, of the host too, it is the old one or the new one. */
export async function writeDurably(file: string, content: string, mode = 0o600): Promise<void> {
  await makeFolder(dirname(file));
  await replaceFile(file, content, { mode });
}

export async function writeJson(file: string, value: unknown): Promise<void> {
  await writeDurably(file, `${JSON.stringify(value, null, 2)}\n`);
}

/** Null when the file does not exist. @throws ProviderError `invalid` when it is not what `schema` says. */
export async function readJson<T>(file: string, schema: z.ZodType<T, unknown>): Promise<T | null> {
  const text = await readText(file);
  if (text === null) return null;
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new ProviderError('invalid', `${file} is not what this release of haup writes`, { cause });
  }
}

/** Null when the file does not exist. */
export async function readText(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** True for the system's "no such file" and for its like in kernel file systems, where things vanish while read. */
export function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOENT' || code === 'ENODEV' || code === 'ENOTDIR';
}
