import { constants } from 'node:fs';
import { access, lstat, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { z } from 'zod';
import {
  entries,
  makeFolder,
  readFileOrNull,
  replaceFile,
  sweepTemporary,
  syncFolder,
  uniqueSuffix,
  writeNewFile,
} from '../util/files.ts';
import { hasCode } from '../util/host/os-error.ts';
import { type Exposure, exposureOf, isPrivate } from '../util/host/private-folder.ts';
import { checkClusterName, isClusterName } from './checks.ts';
import { readDocument, writeDocument } from './document.ts';
import { type LockOwner, missingCluster, StoreError, storeError } from './errors.ts';
import { ownerOf } from './exclusive.ts';
import { type Lock, takeLock } from './lock.ts';
import { fileSecrets } from './secrets.ts';
import type { Store, Stored } from './store.ts';
import { exclusively } from './wait-exclusive.ts';

const leftover = /^\.(new|removed)\.([-a-z0-9]+)\.[0-9a-f]{12}$/;

/**
 * `<root>/<cluster>/cluster.json` and `<root>/<cluster>/secrets/<name>`; folders 0700, files 0600. A cluster appears and
 * disappears by one rename: `.new.<cluster>.*` is one that was never finished, `.removed.<cluster>.*` one that is going.
 * `.<cluster>.lock` is its lock.
 */
export function fileStore<T>(root: string, schema: z.ZodType<T>): Store<T> {
  const folderOf = (cluster: string): string => join(root, checkClusterName(cluster));
  const lockOf = (cluster: string): string => join(root, `.${cluster}.lock`);
  const documentOf = (cluster: string): string => join(folderOf(cluster), 'cluster.json');

  async function read(cluster: string): Promise<Stored<T> | null> {
    const path = documentOf(cluster);
    if (!(await isCluster(root, cluster))) return null;
    const text = await readFileOrNull(path);
    if (text !== null) return readDocument(cluster, path, text, schema);
    throw new StoreError(
      'corrupt',
      `${path} is missing, though its folder is there`,
      'restore it from a backup, or move the folder away',
    );
  }

  async function create(
    cluster: string,
    value: T,
    secrets: Readonly<Record<string, string>>,
    revision: number,
  ): Promise<number> {
    const folder = folderOf(cluster);
    const text = writeDocument(cluster, { value, revision }, schema);
    await makeRoot(root);
    const unfinished = join(root, `.new.${cluster}.${uniqueSuffix()}`);
    try {
      await makeFolder(unfinished);
      await writeNewFile(join(unfinished, 'cluster.json'), text);
      await makeFolder(join(unfinished, 'secrets'));
      const stored = fileSecrets(join(unfinished, 'secrets'));
      for (const [name, secret] of Object.entries(secrets)) await stored.put(name, secret);
      await syncFolder(unfinished);
      await rename(unfinished, folder); // fails on anything but nothing or an empty folder
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true });
      if (!hasCode(error, 'EEXIST', 'ENOTEMPTY')) throw error;
      throw new StoreError('exists', `there is a cluster ${cluster} already`, {
        to: 'choose another name',
        setting: 'cluster',
      });
    }
    await syncFolder(root);
    return revision;
  }

  async function save(cluster: string, value: T, expectedRevision: number): Promise<number> {
    const path = documentOf(cluster);
    const text = writeDocument(cluster, { value, revision: expectedRevision + 1 }, schema);
    if ((await read(cluster)) === null) throw missingCluster(cluster);
    return await exclusively(join(dirname(path), '.save.lock'), `saving cluster ${cluster}`, async () => {
      const revision = (await read(cluster))?.revision;
      if (revision === undefined) throw missingCluster(cluster);
      if (revision !== expectedRevision)
        throw new StoreError(
          'conflict',
          `another haup has changed cluster ${cluster} (revision ${expectedRevision} became ${revision})`,
          'run the command again',
        );
      await replaceFile(path, text);
      return expectedRevision + 1;
    });
  }

  async function remove(cluster: string): Promise<void> {
    const folder = folderOf(cluster);
    const going = join(root, `.removed.${cluster}.${uniqueSuffix()}`);
    try {
      await rename(folder, going);
      await syncFolder(root);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
    await sweep(null);
  }

  /** What is going is nobody's any more. What was never finished may be being made, but not while we hold its lock. */
  async function sweep(locked: string | null): Promise<void> {
    for (const name of await entries(root)) {
      const [, kind, cluster] = leftover.exec(name) ?? [];
      const ours = kind === 'removed' || (kind === 'new' && cluster === locked);
      const ofLock = locked !== null && name.startsWith(`.${locked}.lock.`); // temporary files and claims
      if (ours || ofLock) await rm(join(root, name), { recursive: true, force: true });
    }
    if (locked === null) return;
    await sweepTemporary(folderOf(locked));
    await sweepTemporary(join(folderOf(locked), 'secrets'));
  }

  async function list(): Promise<string[]> {
    const names = (await entries(root)).filter(isClusterName).sort();
    const found = await Promise.all(names.map((name) => isCluster(root, name)));
    return names.filter((_, index) => found[index]);
  }

  async function holder(cluster: string): Promise<LockOwner | null> {
    folderOf(cluster);
    const owner = await ownerOf(lockOf(cluster));
    if (owner === null) return null;
    const { doing, pid, user, host, since } = owner;
    return { doing, pid, user, host, since };
  }

  async function lock(cluster: string, doing: string): Promise<Lock> {
    folderOf(cluster);
    await makeRoot(root);
    const taken = await takeLock(lockOf(cluster), `cluster ${cluster}`, doing);
    try {
      await sweep(cluster);
      return taken;
    } catch (error) {
      await taken.release();
      throw error;
    }
  }

  let safe: Promise<void> | undefined;
  /** Who can write to the store can make haup do anything to the clusters. */
  const refuseExposed = async (): Promise<void> => {
    const exposure = await exposureOf(root);
    if (exposure) throw exposed(exposure);
  };
  const guarded = async <R>(doing: string, work: () => Promise<R>): Promise<R> => {
    try {
      safe ??= refuseExposed();
      await safe;
      return await work();
    } catch (error) {
      safe = undefined;
      throw storeError(doing, error);
    }
  };

  return {
    list: () => guarded(`read ${root}`, list),
    read: (cluster) => guarded(`read cluster ${cluster} in ${root}`, () => read(cluster)),
    create: (cluster, value, secrets = {}, revision = 1) =>
      guarded(`store cluster ${cluster} in ${root}`, () => create(cluster, value, secrets, revision)),
    save: (cluster, value, expectedRevision) =>
      guarded(`save cluster ${cluster} in ${root}`, () => save(cluster, value, expectedRevision)),
    remove: (cluster) => guarded(`remove cluster ${cluster} from ${root}`, () => remove(cluster)),
    secrets: (cluster) => fileSecrets(join(folderOf(cluster), 'secrets')),
    holder: (cluster) => guarded(`read the lock of ${cluster} in ${root}`, () => holder(cluster)),
    lock: (cluster, { doing }) => guarded(`lock cluster ${cluster} in ${root}`, () => lock(cluster, doing)),
  };
}

/** A folder with something in it; a symbolic link or a file in its place is refused. */
async function isCluster(root: string, cluster: string): Promise<boolean> {
  const folder = join(root, cluster);
  const entry = await lstat(folder).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  });
  if (entry === null) return false;
  if (!entry.isDirectory())
    throw new StoreError('foreign', `${folder} is not a folder`, 'haup did not make it: move it away');
  if (!isPrivate(entry))
    throw exposed((await exposureOf(folder)) ?? { fault: `others can write ${folder}`, mend: '' });
  return (await entries(folder)).length > 0;
}

function exposed({ fault, mend }: Exposure): StoreError {
  return new StoreError(
    'exposed',
    `the store is not used: ${fault}, and with it the keys of your clusters`,
    mend,
  );
}

async function makeRoot(root: string): Promise<void> {
  const first = await makeFolder(root).catch((error: unknown) => {
    if (!hasCode(error, 'ENOTDIR', 'EEXIST')) throw error;
    throw new StoreError('foreign', `${root} is not a folder`, [
      'move it away',
      { to: 'or name another', setting: 'store' },
    ]);
  });
  if (first !== undefined) await syncFolder(dirname(first));
  await access(root, constants.R_OK | constants.W_OK | constants.X_OK);
}
