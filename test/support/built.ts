import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exec } from '../../src/util/exec.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Built {
  /** The command as users start it. */
  readonly haup: string;
  /** What that starts. */
  readonly main: string;
  remove(): void;
}

/** The command, built from the sources into a folder of its own, which finds the checkout's packages. */
export async function buildHaup(): Promise<Built> {
  mkdirSync(join(root, '.tmp'), { recursive: true });
  const folder = mkdtempSync(join(root, '.tmp/built-'));
  chmodSync(folder, 0o755);
  for (const part of ['scripts', 'addons', 'package.json'])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  await exec(process.execPath, [join(root, 'scripts/build.mjs'), join(folder, 'dist/cli')]);
  return {
    haup: join(folder, 'scripts/haup'),
    main: join(folder, 'dist/cli/main.js'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
