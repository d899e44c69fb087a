import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { askInside, SEPARATOR } from '../../../../src/replicas/revision/ask.ts';
import { shellScript } from '../../../../src/ssh/script.ts';
import type { Session } from '../../../../src/ssh/session.ts';

const sections = shellScript('replicas/scripts/sections.sh', ['separator']);
const run = (file: string) =>
  spawnSync('sh', ['-c', `${sections({ separator: SEPARATOR })}show "$1"; say`, 'sh', file], {
    encoding: 'utf8',
  });

test('a file that cannot be read ends the answer; one that is missing is an empty section', () => {
  expect(run('/nowhere')).toMatchObject({ status: 0, stdout: `${SEPARATOR}\n` });
  // Nobody can cat a folder.
  expect(run(tmpdir())).toMatchObject({ status: 74, stdout: '' });
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
