import { execFileSync } from 'node:child_process';

/** The tests run what users run: the built program. */
export default function setup(): void {
  if (process.env.HAUP_MAIN) return;
  const root = new URL('../../..', import.meta.url).pathname;
  execFileSync('npx', ['tsc', '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
}
