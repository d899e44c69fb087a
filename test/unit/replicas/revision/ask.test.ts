import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { askInside, SEPARATOR } from '../../../../src/replicas/revision/ask.ts';
import { shellScript } from '../../../../src/ssh/script.ts';
import type { Session } from '../../../../src/ssh/session.ts';

const sections = shellScript('replicas/scripts/sections.sh', ['separator']);
const run = (file: string, what = 'show') =>
  spawnSync('sh', ['-c', `${sections({ separator: SEPARATOR })}${what} "$1"; say`, 'sh', file], {
    encoding: 'utf8',
  });

test('a file that cannot be read ends the answer; one that is missing is an empty section', () => {
  expect(run('/nowhere')).toMatchObject({ status: 0, stdout: `${SEPARATOR}\n` });
  // Nobody can cat a folder.
  expect(run(tmpdir())).toMatchObject({ status: 74, stdout: '' });
});

test.each(['show', 'names'])(
  'to %s what nobody can find out about is no word of its not being there',
  (what) => {
    const folder = mkdtempSync(join(tmpdir(), 'haup-ask-'));
    const loop = join(folder, 'loop');
    // As a disk that fails: the file is neither seen nor known to be missing.
    symlinkSync(loop, loop);
    expect(run(loop, what)).toMatchObject({ status: 74, stdout: '', stderr: `cannot look at ${loop}\n` });
    expect(run(join(loop, 'below'), what)).toMatchObject({ status: 74, stdout: '' });
    for (const missing of [join(folder, 'none'), join(folder, 'none', 'below')])
      expect(run(missing, what)).toMatchObject({ status: 0, stdout: `${SEPARATOR}\n` });
    rmSync(folder, { recursive: true });
  },
);

test('a folder shows the names of what is in it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'haup-ask-'));
  expect(run(folder, 'names')).toMatchObject({ status: 0, stdout: `${SEPARATOR}\n` });
  writeFileSync(join(folder, '0.wal'), '');
  expect(run(folder, 'names')).toMatchObject({ status: 0, stdout: `0.wal\n${SEPARATOR}\n` });
  rmSync(folder, { recursive: true });
});

test('an answer that was not ended well is none, whatever it says', async () => {
  const session = (code: number) =>
    ({
      what: 'm0',
      exec: async () => ({ code, stdout: 'all well', stderr: 'cat: input/output error' }),
    }) as unknown as Session;
  expect(await askInside(session(0), 'look', (answer) => answer, {})).toBe('all well');
  await expect(askInside(session(74), 'look', (answer) => answer, {})).rejects.toThrow(
    'm0: could not look inside: cat: input/output error',
  );
});
