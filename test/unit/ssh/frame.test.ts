import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { frame } from '../../../src/ssh/frame.ts';

/** What sshd has the log-in shell do, with what that prints around it. */
function run(line: string, before = '', after = '', input = '') {
  const { stdout, stderr } = spawnSync('sh', ['-c', `${before}\n${line}\n${after}`], { input });
  return [String(stdout), String(stderr)] as const;
}

test('noise before and after is not part of the answer, nor of its exit code', () => {
  const framed = frame(`echo "it's \\$HOME"; cat; echo bad >&2; exit 7`, 5);
  const noise = 'printf "Welcome to m1"; echo motd >&2';
  expect(framed.read(...run(framed.line, noise, 'echo bye; echo bye >&2; exit 1', 'typed\n'))).toEqual({
    kind: 'complete',
    code: 7,
    stdout: `it's $HOME\ntyped\n`,
    stderr: 'bad\n',
  });
});

test('an answer may hold the command line that it was asked with', () => {
  const framed = frame('cat /proc/$PPID/cmdline; echo; ps -o args=', 5);
  expect(framed.read(...run(framed.line))).toMatchObject({ kind: 'complete', code: 0 });
});

test('what a machine says that runs something else is its own words', () => {
  const framed = frame('true', 5);
  const expired = 'WARNING: Your password has expired.\nPassword change required but no TTY available.\n';
  expect(framed.read('', expired)).toEqual({
    kind: 'not-run',
    words: 'WARNING: Your password has expired. Password change required but no TTY available.',
  });
  expect(framed.read('This account is currently not available.\n', '')).toEqual({
    kind: 'not-run',
    words: 'This account is currently not available.',
  });
});

test('cut at any byte, with any noise, an answer is complete or none', () => {
  const framed = frame('printf "one\\ntwo\\n"; exit 3', 5);
  const [stdout, stderr] = run(framed.line);
  const whole = framed.read(stdout, stderr);
  expect(whole).toMatchObject({ kind: 'complete', code: 3, stdout: 'one\ntwo\n' });
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.nat(stdout.length), fc.boolean(), (before, after, at, cut) => {
      const text = cut ? stdout.slice(0, at) : stdout;
      const answer = framed.read(`${before}${text}${cut ? '' : after}`, stderr);
      if (cut && at < stdout.length) expect(answer.kind).not.toBe('complete');
      else expect(answer).toEqual(whole);
    }),
    { numRuns: 5_000 },
  );
});
