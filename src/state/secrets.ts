import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createFile, entries, lacksLinks, readFileOrNull, replaceFile } from '../util/files.ts';
import { checkSecretName, isSecretName } from './checks.ts';
import { storeError } from './errors.ts';
import type { Secrets } from './store.ts';
import { exclusively } from './wait-exclusive.ts';

/** One file (0600) a secret, in a folder that is there with its cluster. */
export function fileSecrets(folder: string): Secrets {
  const pathOf = (name: string): string => join(folder, checkSecretName(name));
  async function guarded<R>(
    doing: 'read' | 'store',
    name: string,
    work: (path: string) => Promise<R>,
  ): Promise<R> {
    const path = pathOf(name);
    try {
      return await work(path);
    } catch (error) {
      throw storeError(`${doing} ${path}`, error);
    }
  }
  /** Where there are no hard links, one after the other under a lock. */
  const create = (path: string, text: string): Promise<boolean> =>
    createFile(path, text).catch((error: unknown) => {
      if (!lacksLinks(error)) throw error;
      return exclusively(join(folder, '.put.lock'), 'storing a secret', async () => {
        if ((await readFileOrNull(path)) !== null) return false;
        await replaceFile(path, text);
        return true;
      });
    });
  const get = (name: string): Promise<string | null> => guarded('read', name, readFileOrNull);
  return {
    async all() {
      const found: Record<string, string> = {};
      const names = await entries(folder).catch((error: unknown) => {
        throw storeError(`read ${folder}`, error);
      });
      for (const name of names.filter(isSecretName)) {
        const text = await get(name);
        if (text !== null) found[name] = text;
      }
      return found;
    },
    get,
    remove: (name) => guarded('store', name, (path) => rm(path, { force: true })),
    put: (name, text) =>
      guarded('store', name, async (path) => {
        await replaceFile(path, text);
      }),
    putIfAbsent: (name, text) =>
      guarded('store', name, async (path) =>
        (await create(path, text)) ? text : ((await get(name)) ?? text),
      ),
  };
}
