import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const MODULE = fileURLToPath(new URL('../../../../src/util/host/flock.ts', import.meta.url));

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haup-flock-'));
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A process in a process group of its own, as a terminal's command is, that goes on when it is hung up or interrupted. */
async function stubbornHolder(): Promise<ChildProcess> {
  const code = `import { lockPath } from ${JSON.stringify(MODULE)};
    for (const name of ['SIGHUP', 'SIGINT']) process.on(name, () => process.stdout.write('heard'));
    await lockPath(process.argv[1]); process.stdout.write('held'); setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  await once(child.stdout!, 'data');
  return child;
}

function isFree(): boolean {
  try {
    execFileSync('flock', ['--nonblock', path, 'true']);
    return true;
  } catch {
    return false;
  }
}

/** The processes that have the lock's file open: `flock` and its `cat`. */
function processesWith(): string[] {
  const script = 'find /proc/[0-9]*/fd -lname "$1" 2>/dev/null | cut -d/ -f3; true';
  return execFileSync('sh', ['-c', script, 'sh', path]).toString().split('\n').filter(Boolean);
}

test.each(['SIGHUP', 'SIGINT'] as const)(
  '%s from the terminal takes no lock from who goes on',
  async (signal) => {
    const child = await stubbornHolder();
    try {
      const heard = once(child.stdout!, 'data');
      process.kill(-child.pid!, signal);
      await heard;
      await new Promise((resolve) => setTimeout(resolve, 200)); // flock would have ended as quickly as the holder heard
      expect(isFree()).toBe(false);
    } finally {
      child.kill('SIGKILL');
    }
    await expect.poll(isFree, { timeout: 10_000 }).toBe(true);
    await expect.poll(processesWith, { timeout: 10_000 }).toEqual([]);
  },
);
