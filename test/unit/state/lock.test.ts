import { spawnSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { BusyError, StoreError } from '../../../src/state/errors.ts';
import { RENEWAL_MS } from '../../../src/state/exclusive.ts';
import { openStore } from '../../../src/state/open.ts';
import { lifeOf, thisProcess } from '../../../src/state/process.ts';
import { storeUrl } from '../../../src/state/url.ts';
import { exclusively } from '../../../src/state/wait-exclusive.ts';
import { type Program, start } from './programs/start.ts';

let home: string;
let lockPath: string;
const programs: Program[] = [];
const lockSchema = z.looseObject({ token: z.string(), machineId: z.string().nullable() });
const store = () => openStore(storeUrl(home), z.unknown());
const contender = async (doing = 'haup create'): Promise<Program> => {
  const program = await start('contender.ts', [storeUrl(home), 'demo', doing]);
  programs.push(program);
  return program;
};
/** The lock of a process that really ran, held the lock and was killed. */
async function deadLock(): Promise<z.infer<typeof lockSchema>> {
  const program = await contender();
  program.say('take');
  expect(await program.line()).toBe('won');
  await program.kill();
  return lockSchema.parse(JSON.parse(readFileSync(lockPath, 'utf8')));
}
const lockFiles = (): string[] =>
  readdirSync(join(home, 'clusters')).filter((name) => name.startsWith('.demo.lock'));
const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error) => error,
  );

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'haup-lock-test-'));
  lockPath = join(home, 'clusters', '.demo.lock');
});
afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.kill()));
  rmSync(home, { recursive: true, force: true });
});

describe('the lock of a cluster', () => {
  it('names its holder to whoever comes second, though the cluster does not exist yet', async () => {
    const program = await contender('haup add-replica');
    program.say('take');
    expect(await program.line()).toBe('won');

    const busy = (await caught(store().lock('demo', { doing: 'x' }))) as BusyError;
    expect(busy).toBeInstanceOf(BusyError);
    expect(busy.holder).toMatchObject({ pid: program.child.pid, doing: 'haup add-replica' });
    expect(busy.message).toContain(`haup add-replica (pid ${program.child.pid} of `);
    expect(busy.advice).toContain('wait');
  });

  it('tells who looks without taking it who has it, and no dead holder', async () => {
    expect(await store().holder('demo')).toBeNull();
    const program = await contender('haup add-replica');
    program.say('take');
    expect(await program.line()).toBe('won');
    expect(await store().holder('demo')).toMatchObject({ pid: program.child.pid, doing: 'haup add-replica' });
    await program.kill();
    const before = lockFiles();
    expect(await store().holder('demo')).toBeNull();
    expect(lockFiles()).toEqual(before);
  });

  it('is of one cluster alone', async () => {
    const one = await store().lock('demo', { doing: 'x' });
    const other = await store().lock('demo-2', { doing: 'x' });
    await one.release();
    await other.release();
    expect(readdirSync(join(home, 'clusters'))).toEqual([]);
  });

  it('is free again after release, and a second release does not take it from the next holder', async () => {
    const first = await store().lock('demo', { doing: 'x' });
    await first.release();
    const second = await store().lock('demo', { doing: 'x' });
    await first.release();
    expect(await caught(store().lock('demo', { doing: 'x' }))).toBeInstanceOf(BusyError);
    await second.release();
  });

  it('leaves no file when its process ends by itself without releasing', async () => {
    const program = await contender();
    program.say('take');
    await program.line();
    const gone = new Promise((resolve) => program.child.once('exit', resolve));
    program.child.stdin!.end();
    await gone;
    expect(lockFiles()).toEqual([]);
  });

  it('does not survive the kill -9 of its process', async () => {
    await deadLock();
    const lock = await store().lock('demo', { doing: 'x' });
    await lock.release();
    expect(lockFiles()).toEqual([]);
  });

  it('does not survive a reboot, even if a process with its number lives', async () => {
    const lock = await deadLock();
    const other = { ...lock, pid: process.pid, startTime: null };
    writeFileSync(lockPath, JSON.stringify(other));
    expect(await caught(store().lock('demo', { doing: 'x' }))).toBeInstanceOf(BusyError);
    writeFileSync(lockPath, JSON.stringify({ ...other, bootId: '00000000-0000-0000-0000-000000000000' }));
    spawnSync('touch', ['-d', '2001-01-01', lockPath]); // it was last renewed before this machine started
    await (await store().lock('demo', { doing: 'x' })).release();
  });

  it.each([
    ['a machine with the same name and id that renews it', {}],
    ['a machine without a boot id', { bootId: null }],
  ])('of %s is not judged by those: another boot may be another machine', async (_, change) => {
    const dead = { ...(await deadLock()), bootId: '00000000-0000-0000-0000-000000000000', ...change };
    writeFileSync(lockPath, JSON.stringify(dead));
    const busy = (await caught(store().lock('demo', { doing: 'x' }))) as BusyError;
    expect(busy).toBeInstanceOf(BusyError);
    expect(busy.advice).toMatch(/renewed every 10 s, last at 20.*remove /s);
    expect(readFileSync(lockPath, 'utf8')).toBe(JSON.stringify(dead));
  });

  it('on a shared folder is not judged dead for another boot, however old: clones share their names', () => {
    const me = thisProcess();
    const other = { ...me, bootId: '00000000-0000-0000-0000-000000000000', pid: 4_000_000 };
    expect(lifeOf({ process: other, renewedAt: 0, ownDisk: true }, me)).toBe('dead');
    expect(lifeOf({ process: other, renewedAt: 0, ownDisk: false }, me)).toBe('unknown');
    expect(lifeOf({ process: other, renewedAt: Date.now(), ownDisk: true }, me)).toBe('unknown');
    const sameKernel = { ...me, pid: 4_000_000, startTime: '1' };
    expect(lifeOf({ process: sameKernel, renewedAt: Date.now(), ownDisk: false }, me)).toBe('dead');
  });

  it('is renewed by its holder, so that it is seen from afar that this lives', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const lock = await store().lock('demo', { doing: 'x' });
      spawnSync('touch', ['-d', '2001-01-01', lockPath]);
      await vi.advanceTimersByTimeAsync(RENEWAL_MS);
      await vi.waitFor(() => expect(statSync(lockPath).mtime.getFullYear()).toBeGreaterThan(2001));
      await lock.release();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is not taken for held when its number has gone to a later process', async () => {
    const lock = await deadLock();
    writeFileSync(lockPath, JSON.stringify({ ...lock, pid: process.pid }));
    await (await store().lock('demo', { doing: 'x' })).release();
  });

  it.each([
    ['another machine', { host: 'elsewhere' }],
    ['another container', { pidNamespace: 'pid:[1]' }],
  ])('is never judged dead from afar: of %s it says how to clear it', async (_, change) => {
    writeFileSync(lockPath, JSON.stringify({ ...(await deadLock()), ...change }));
    const busy = (await caught(store().lock('demo', { doing: 'x' }))) as BusyError;
    expect(busy).toBeInstanceOf(BusyError);
    expect(busy.advice).toContain(`remove ${lockPath}`);
  });

  it('for the moment of a save, too, says how to clear it when its holder cannot be seen', async () => {
    writeFileSync(lockPath, JSON.stringify({ ...(await deadLock()), host: 'elsewhere' }));
    const busy = await caught(exclusively(lockPath, 'saving', async () => 'saved', 50));
    expect(busy).toBeInstanceOf(BusyError);
    expect((busy as BusyError).advice).toContain(`remove ${lockPath}`);
    expect((busy as BusyError).message).toMatch(
      / is locked: haup create \(pid \d+ of .* on elsewhere\) has held it/,
    );
    rmSync(lockPath);
    expect(await exclusively(lockPath, 'saving', async () => 'saved', 50)).toBe('saved');
  });

  it('is not judged by the name of the machine alone', async () => {
    const lock = await deadLock();
    if (lock.machineId === null) return; // this machine has no id to tell it by
    writeFileSync(lockPath, JSON.stringify({ ...lock, machineId: '0123456789abcdef0123456789abcdef' }));
    expect(await caught(store().lock('demo', { doing: 'x' }))).toBeInstanceOf(BusyError);
  });

  it('is taken over when a power failure emptied its file, but not when it may be of now', async () => {
    await deadLock();
    writeFileSync(lockPath, '');
    const busy = (await caught(store().lock('demo', { doing: 'x' }))) as BusyError;
    expect(busy).toBeInstanceOf(BusyError);
    expect(busy.holder).toBeNull();
    expect(busy.advice).toContain(lockPath);
    spawnSync('touch', ['-d', '2001-01-01', lockPath]);
    await (await store().lock('demo', { doing: 'x' })).release();
  });

  it('is not followed through a symbolic link', async () => {
    await (await store().lock('demo', { doing: 'x' })).release();
    writeFileSync(join(home, 'target'), '');
    symlinkSync(join(home, 'target'), lockPath);
    const error = (await caught(store().lock('demo', { doing: 'x' }))) as StoreError;
    expect(error).toBeInstanceOf(StoreError);
    expect(error.kind).toBe('foreign');
    expect(readFileSync(join(home, 'target'), 'utf8')).toBe('');
  });

  it('goes to exactly one of many processes that want it at once: free, dead, or dead with a dead claim on it', async () => {
    const dead = await deadLock();
    const contenders = await Promise.all(Array.from({ length: 5 }, () => contender()));
    const token = dead.token;
    const claim = JSON.stringify({ ...dead, token: 'f'.repeat(32) });
    for (let round = 0; round < 45; round += 1) {
      rmSync(lockPath, { force: true });
      if (round % 3 > 0) writeFileSync(lockPath, JSON.stringify(dead));
      if (round % 3 > 1) writeFileSync(`${lockPath}.${token}`, claim);
      for (const each of contenders) each.say('take');
      const answers = await Promise.all(contenders.map((each) => each.line()));
      expect(
        answers.filter((answer) => answer === 'won'),
        answers.join(),
      ).toHaveLength(1);
      const winner = contenders[answers.indexOf('won')]!;
      expect(JSON.parse(readFileSync(lockPath, 'utf8'))).toMatchObject({ pid: winner.child.pid });
      expect(lockFiles()).toEqual(['.demo.lock']);
      for (const each of contenders) each.say('drop');
      await Promise.all(contenders.map((each) => each.line()));
      expect(lockFiles()).toEqual([]);
    }
  }, 60_000);

  it('is a file for its owner alone', async () => {
    const lock = await store().lock('demo', { doing: 'x' });
    expect(statSync(lockPath).mode & 0o777).toBe(0o600);
    await lock.release();
  });
});
