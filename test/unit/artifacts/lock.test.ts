import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockCache } from '../../../src/artifacts/lock.ts';

const MODULE = fileURLToPath(new URL('../../../src/artifacts/lock.ts', import.meta.url));

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'haup-cache-lock-'));
});
afterEach(() => rmSync(cache, { recursive: true }));

/** Another process that holds the lock until it is killed. */
async function otherHolder(part: string): Promise<ChildProcess> {
  const code = `import { lockCache } from ${JSON.stringify(MODULE)};
    await lockCache(...process.argv.slice(1)); process.stdout.write('held'); setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code, cache, part], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout!, 'data');
  return child;
}

test('one has it at a time, and those who wait get it one after the other', async () => {
  const part = 'one';
  let holders = 0;
  let most = 0;
  let waits = 0;
  const release = await lockCache(cache, part);
  const others = Promise.all(
    Array.from({ length: 4 }, async () => {
      const release = await lockCache(cache, part, { onWait: () => waits++ });
      most = Math.max(most, ++holders);
      await new Promise(setImmediate);
      holders--;
      release();
    }),
  );
  await expect.poll(() => waits, { timeout: 60_000 }).toBe(4);
  expect(most).toBe(0);
  release();
  await others;
  expect(most).toBe(1);
});

test('different things are locked apart', async () => {
  const first = await lockCache(cache, 'one');
  const second = await lockCache(cache, 'two');
  first();
  second();
});

test('the lock of a process that was killed is free', async () => {
  const part = 'one';
  const child = await otherHolder(part);
  const waiting = lockCache(cache, part, { onWait: () => child.kill('SIGKILL') });
  (await waiting)();
  expect(child.signalCode ?? 'SIGKILL').toBe('SIGKILL');
});

test('who waits can be aborted', async () => {
  const part = 'one';
  const release = await lockCache(cache, part);
  const abort = new AbortController();
  const waiting = lockCache(cache, part, {
    signal: abort.signal,
    onWait: () => abort.abort(new Error('enough')),
  });
  await expect(waiting).rejects.toThrow('enough');
  release();
});

test.skipIf(process.getuid?.() !== 0)('nobody else can sit on it', async () => {
  chmodSync(cache, 0o755);
  const part = 'one';
  (await lockCache(cache, part))();
  const path = join(cache, 'locks', 'one');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const squatter = spawn('flock', ['--nonblock', path, 'true'], {
    uid: 65_534,
    gid: 65_534,
    stdio: 'ignore',
  });
  const [code] = (await once(squatter, 'exit')) as [number];
  expect(code).not.toBe(0);
  const listed = spawn('flock', ['--nonblock', cache, 'sleep', '600'], {
    uid: 65_534,
    gid: 65_534,
  });
  await once(listed, 'spawn');
  (await lockCache(cache, part))(); // who may read the folder may lock that; it is nobody's lock
  listed.kill();
});
