import { copyFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../util/files.ts';
import { allBinaries } from './cache.ts';
import { ArtifactError } from './errors.ts';

/** What runs a federation's controller on machines that are shown this machine's cache: the Node.js that runs haup itself. */
const FOLDER = `nodejs-${process.version}-${process.arch}`;

/** Where it is below the folder of all releases. */
export const NODE_RUNTIME = `${FOLDER}/node`;

/**
 * Puts it into the cache, once.
 * @throws ArtifactError of kind usage where this Node.js is not one file that runs elsewhere too.
 */
export async function ensureNodeRuntime(cache: string): Promise<void> {
  const path = join(allBinaries(cache), NODE_RUNTIME);
  if (await stat(path).catch(() => null)) return;
  const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: readonly string[] };
  if (sharedObjects.some((object) => /libnode\.so/.test(object)))
    throw new ArtifactError(
      'usage',
      'the Node.js that runs haup is in several files, and machines need one',
      {
        advice: 'run haup by the official Node.js: it is one file',
      },
    );
  await makeFolder(join(allBinaries(cache), FOLDER), 0o755);
  const fresh = `${path}.${process.pid}`;
  try {
    await copyFile(process.execPath, fresh);
    await rename(fresh, path);
  } finally {
    await rm(fresh, { force: true });
  }
}
