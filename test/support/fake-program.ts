import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A program of a test's own, in POSIX shell, for a PATH in which its folder stands first. */
export function fakeProgram(folder: string, name: string, script: string): void {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}
