import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { rewrite } from '../../../../src/cli/kubeconfig/file.ts';

const NOBODY = 65_534;
const PROGRAM = new URL('programs/swapper.py', import.meta.url).pathname;
const possible = process.getuid?.() === 0 && spawnSync('python3', ['--version']).status === 0;

let theirs: string;
let roots: string;
let swapper: ChildProcess | undefined;
beforeEach(() => {
  theirs = mkdtempSync(join(tmpdir(), 'haup-race-'));
  chownSync(theirs, NOBODY, NOBODY);
  roots = mkdtempSync(join(tmpdir(), 'haup-race-root-'));
  chmodSync(roots, 0o755);
  mkdirSync(join(roots, 'folder'));
  writeFileSync(join(roots, 'folder', 'victim'), 'of root\n', { mode: 0o600 });
});
afterEach(async () => {
  if (swapper) {
    swapper.kill('SIGKILL');
    await once(swapper, 'exit');
  }
  rmSync(theirs, { recursive: true, force: true });
  rmSync(roots, { recursive: true, force: true });
});

it.skipIf(!possible)(
  'whose folder it is may swap whatever root makes in it: no file of root changes hands or contents',
  async () => {
    const victim = join(roots, 'folder', 'victim');
    const before = lstatSync(victim);
    swapper = spawn('python3', [PROGRAM, theirs, victim], {
      uid: NOBODY,
      gid: NOBODY,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(swapper.stdout!, 'data');
    const ends = new Map<string, number>();
    for (let round = 0; round < 300; round += 1) {
      const path = join(theirs, ...(round % 3 === 0 ? [`folder-${round}`, 'config'] : ['config']));
      const end = await rewrite(path, () => 'the key of an administrator\n').then(
        () => 'written',
        (error: Error) => error.name,
      );
      ends.set(end, (ends.get(end) ?? 0) + 1);
      const now = lstatSync(victim);
      expect([now.uid, now.gid, now.mode, now.nlink]).toEqual([before.uid, before.gid, before.mode, 1]);
    }
    expect(readFileSync(victim, 'utf8')).toBe('of root\n');
    expect([lstatSync(join(roots, 'folder')).uid, readdirSync(join(roots, 'folder'))]).toEqual([
      0,
      ['victim'],
    ]);
    // Whatever the other does, it ends in a true sentence or in the file.
    for (const end of ends.keys()) expect(['written', 'OsError', 'UsageError']).toContain(end);
  },
);
