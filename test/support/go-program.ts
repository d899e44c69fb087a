import { execFile } from 'node:child_process';
import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../src/artifacts/cache.ts';
import { lockCache } from '../../src/artifacts/lock.ts';
import { makeFolder } from '../../src/util/files.ts';

/**
 * The path of a program that tests alone need, built once from its Go module and kept in the cache.
 * @param pkg its main package: `example.com/server/cmd/server`.
 */
export async function goProgram(pkg: string, version: string): Promise<string> {
  const name = pkg.split('/').at(-1)!;
  const folder = join(cacheFolder(), 'tests');
  const path = join(folder, `${name}-${version}`);
  await makeFolder(cacheFolder(), 0o755);
  await makeFolder(folder, 0o755);
  const release = await lockCache(cacheFolder(), `test-${name}`);
  try {
    if (await stat(path).catch(() => null)) return path;
    process.stdout.write(`compiling ${name} ${version}, once\n`);
    const unfinished = await mkdtemp(join(folder, '.new-'));
    try {
      const env = { ...process.env, GOBIN: unfinished, CGO_ENABLED: '0', GOFLAGS: '-trimpath' };
      await promisify(execFile)('go', ['install', `${pkg}@${version}`], { env, maxBuffer: 64 * 1024 * 1024 });
      await rename(join(unfinished, name), path);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
    return path;
  } finally {
    release();
  }
}
