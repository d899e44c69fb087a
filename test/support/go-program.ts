import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { builtOnce } from './built-once.ts';

/**
 * The path of a program that tests alone need, built once from its Go module.
 * @param pkg its main package: `example.com/server/cmd/server`.
 */
export async function goProgram(pkg: string, version: string): Promise<string> {
  const name = pkg.split('/').at(-1)!;
  const folder = await builtOnce(`go-${name}-${version}`, (GOBIN) => {
    const env = { ...process.env, GOBIN, CGO_ENABLED: '0', GOFLAGS: '-trimpath' };
    return promisify(execFile)('go', ['install', `${pkg}@${version}`], { env, maxBuffer: 64 * 1024 * 1024 });
  });
  return join(folder, name);
}
