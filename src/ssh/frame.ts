import { randomBytes } from 'node:crypto';
import { shellQuote } from './quote.ts';

/** A command whose answer can be told from what else the machine prints. */
export interface Framed {
  /** What sshd is asked to run. */
  readonly line: string;
  /** Both outputs and the exit code, without the noise; what there is instead, when the answer is not complete. */
  read(stdout: string, stderr: string): Answer;
}

export type Answer =
  | { readonly kind: 'complete'; readonly code: number; readonly stdout: string; readonly stderr: string }
  /** It began and has no end: whatever it says is not to be used. */
  | { readonly kind: 'cut' }
  /** The machine ran something else; `words` are its own. */
  | { readonly kind: 'not-run'; readonly words: string };

/**
 * A log-in prints what it likes before and after a command (.bashrc, PAM, motd), and a session may end in the middle. So the
 * answer stands between marks that nobody can guess, the second with the exit code: it is complete, or it is none. The marks
 * are not in the command line as such, which a command may print.
 */
export function frame(command: string, limitSeconds: number): Framed {
  const mark = randomBytes(12).toString('hex');
  const script =
    `printf '%s<\\n' ${mark}; printf '%s<\\n' ${mark} >&2\n` +
    `timeout -k 2 ${limitSeconds.toFixed(3)} sh -c "$1"; code=$?\n` +
    `printf '%s>\\n' ${mark} >&2; printf '%s>%s\\n' ${mark} $code`;
  return {
    line: `sh -c ${shellQuote(script)} haup ${shellQuote(command)}`,
    read: (stdout, stderr) => read(mark, stdout, stderr),
  };
}

function read(mark: string, stdout: string, stderr: string): Answer {
  const begin = stdout.indexOf(`${mark}<\n`);
  if (begin < 0) return { kind: 'not-run', words: lastLines(stderr) || lastLines(stdout) };
  const from = begin + mark.length + 2;
  const end = stdout.indexOf(`${mark}>`, from);
  const code = end < 0 ? null : /^>(\d{1,3})\n/.exec(stdout.slice(end + mark.length, end + mark.length + 6));
  if (!code) return { kind: 'cut' };
  return {
    kind: 'complete',
    code: Number(code[1]),
    stdout: stdout.slice(from, end),
    stderr: between(mark, stderr),
  };
}

/** Words for people: what there is of them. */
function between(mark: string, text: string): string {
  const begin = text.indexOf(`${mark}<\n`);
  const rest = begin < 0 ? text : text.slice(begin + mark.length + 2);
  const end = rest.indexOf(`${mark}>`);
  return end < 0 ? rest : rest.slice(0, end);
}

/** What a machine says instead of an answer, in one line. */
function lastLines(text: string): string {
  return text
    .trim()
    .split(/\s*\n\s*/)
    .slice(-3)
    .join(' ')
    .slice(-300);
}
