import { execFileSync } from 'node:child_process';

/** The tests run what users run: the built program. */
export default function setup(): void {
  const root = new URL('../../..', import.meta.url).pathname;
  execFileSync(process.execPath, [`${root}scripts/build.mjs`], { cwd: root, stdio: 'inherit' });
}
