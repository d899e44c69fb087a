import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { acquireLock } from '../../../src/artifacts/lock.ts';

const MODULE = fileURLToPath(new URL('../../../src/artifacts/lock.ts', import.meta.url));

/** Another process that holds the lock until it is killed. */
async function otherHolder(what: string): Promise<ChildProcess> {
  const code = `import { acquireLock } from ${JSON.stringify(MODULE)};
    await acquireLock(process.argv[1]); process.stdout.write('held'); setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code, what], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout!, 'data');
  return child;
}

test('one has it at a time, and those who wait get it one after the other', async () => {
  const what = randomUUID();
  let holders = 0;
  let most = 0;
  let waits = 0;
  await Promise.all(
    Array.from({ length: 5 }, async () => {
      const release = await acquireLock(what, { onWait: () => waits++ });
      most = Math.max(most, ++holders);
      await new Promise(setImmediate);
      holders--;
      await release();
    }),
  );
  expect(most).toBe(1);
  expect(waits).toBe(4);
});

test('different things are locked apart', async () => {
  const first = await acquireLock(randomUUID());
  const second = await acquireLock(randomUUID());
  await Promise.all([first(), second()]);
});

test('the lock of a process that was killed is free', async () => {
  const what = randomUUID();
  const child = await otherHolder(what);
  const waiting = acquireLock(what, { onWait: () => child.kill('SIGKILL') });
  await (await waiting)();
  expect(child.signalCode ?? 'SIGKILL').toBe('SIGKILL');
});

test('who waits can be aborted', async () => {
  const what = randomUUID();
  const release = await acquireLock(what);
  const abort = new AbortController();
  const waiting = acquireLock(what, { signal: abort.signal, onWait: () => abort.abort(new Error('enough')) });
  await expect(waiting).rejects.toThrow('enough');
  await release();
});
