import { execFileSync } from 'node:child_process';

/** The tests run what users run: the built program. */
export default function setup(): void {
  const root = new URL('../../..', import.meta.url).pathname;
  const tsc = `${root}node_modules/typescript/bin/tsc`;
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
}
