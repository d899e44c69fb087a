import { chmod, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { exec } from '../util/exec.ts';
import { makeFolder } from '../util/files.ts';
import { downloadFile } from './download/download.ts';
import type { OnProgress } from './progress.ts';
import type { Download } from './sources.ts';
import { resolveSums } from './sums.ts';

/**
 * Downloads, checks and unpacks all of `downloads` into `folder`, side by side. What is unfinished when one of them fails
 * stays in `partsFolder` for the next try; nobody else may write there, and afterwards it is gone.
 * @throws ArtifactError; the signal's reason when aborted; file system errors as they are.
 */
export async function fillFromDownloads(
  downloads: readonly Download[],
  folder: string,
  partsFolder: string,
  onProgress: OnProgress,
  options: { readonly signal?: AbortSignal | undefined; readonly insecure?: boolean } = {},
): Promise<void> {
  const { signal, insecure = false } = options;
  await makeFolder(partsFolder);
  const stop = new AbortController();
  const both = signal ? AbortSignal.any([stop.signal, signal]) : stop.signal;
  const sums = resolveSums(downloads, { signal: both, insecure });
  const running = downloads.map(async (download) =>
    fillOne(download, (await sums)[download.url]!, {
      folder,
      partsFolder,
      onProgress,
      signal: both,
      insecure,
    }),
  );
  try {
    await Promise.all(running);
    await rm(partsFolder, { recursive: true, force: true });
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(running); // nobody may still write there when the caller clears up
    signal?.throwIfAborted();
    throw error;
  }
}

interface Filling {
  readonly folder: string;
  readonly partsFolder: string;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
  readonly insecure: boolean;
}

async function fillOne(download: Download, sha256: string, filling: Filling): Promise<void> {
  const { folder, partsFolder, onProgress, signal, insecure } = filling;
  const part = join(partsFolder, `${download.key}.part`);
  await downloadFile(download.url, part, sha256, {
    signal,
    insecure,
    onBytes: (received, total) => onProgress({ kind: 'download', file: download.fileName, received, total }),
  });
  for (const { name, archiveMember } of download.binaries) {
    const target = join(folder, name);
    if (archiveMember === null) await rename(part, target);
    else await unpack(part, archiveMember, folder, target, signal);
    await chmod(target, 0o755);
  }
  await rm(part, { force: true });
}

async function unpack(
  archive: string,
  member: string,
  folder: string,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  const room = join(folder, `.${basename(target)}`);
  await makeFolder(room);
  await exec('tar', ['-xzf', archive, '-C', room, '--no-same-owner', member], { signal });
  await rename(join(room, member), target);
  await rm(room, { recursive: true });
}
