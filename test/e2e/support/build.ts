import { execFileSync } from 'node:child_process';

/** The tests run what users run: the built program. Once in a process: both parts of the layer ask for it. */
export default function setup(): void {
  const once = String(process.pid);
  if (process.env.HAUP_BUILT_BY === once) return;
  const root = new URL('../../..', import.meta.url).pathname;
  execFileSync(process.execPath, [`${root}scripts/build.mjs`], { cwd: root, stdio: 'inherit' });
  process.env.HAUP_BUILT_BY = once;
}
