import { posix } from 'node:path';
import { shellQuote } from './quote.ts';

/** A file as it shall be on a machine. */
export interface RemoteFile {
  /** Absolute. Missing parent folders are made, 0755 and root's. */
  readonly path: string;
  readonly content: string | Buffer;
  /** As `chmod` takes it: 0o600. */
  readonly mode: number;
  /** A user name that exists there. Default root. */
  readonly owner?: string | undefined;
  /** Default: the owner's own group. */
  readonly group?: string | undefined;
}

/**
 * One shell script and its input that put all files in place. Each is written beside its destination, given its owner
 * and mode, flushed, and only then renamed, so that no reader ever meets half a file or a secret with the wrong mode.
 * A file that is already as it shall be is left alone; the script prints the path of every file it changed.
 * Contents travel on standard input, one after the other, and never in the command line.
 */
export function pushScript(files: readonly RemoteFile[]): { script: string; input: Buffer } {
  const contents = files.map((file) => Buffer.from(file.content));
  const names = files.map((file) => {
    if (!posix.isAbsolute(file.path) || /[\n\0]/.test(file.path))
      throw new Error(`not an absolute path: ${file.path}`);
    return file.path;
  });
  const folders = [...new Set(names.map((name) => posix.dirname(name)))].map(shellQuote).join(' ');
  const script = [
    'set -eu',
    'umask 022',
    `mkdir -p -- ${folders}`,
    'umask 077',
    'id=".haup-push.$$"',
    `trap ${shellQuote(`rm -f -- ${names.map((name) => `${shellQuote(temporary(name))}"$id"`).join(' ')}`)} EXIT`,
    PUT,
    ...files.map((file, i) => {
      const owner = `${file.owner ?? 'root'}:${file.group ?? ''}`;
      const mode = file.mode.toString(8);
      const words = [names[i]!, String(contents[i]!.length), owner, mode].map(shellQuote).join(' ');
      return `put ${words} ${shellQuote(temporary(names[i]!))}"$id"`;
    }),

    `sync -- ${folders}`,
  ].join('\n');
  return { script, input: Buffer.concat(contents) };
}

/** put <path> <bytes> <owner:group> <mode> <temporary> */
const PUT = `put() {
  head -c "$2" >"$5"
  [ "$(stat -c %s -- "$5")" = "$2" ] || { echo "$1: the input ended early" >&2; exit 1; }
  chown -- "$3" "$5"
  chmod -- "$4" "$5"
  if [ -f "$1" ] && ! [ -L "$1" ] && cmp -s -- "$5" "$1" && [ "$(stat -c %a:%U:%G -- "$5")" = "$(stat -c %a:%U:%G -- "$1")" ]; then
    rm -f -- "$5"
  else
    sync -- "$5"
    mv -fT -- "$5" "$1"
    echo "$1"
  fi
}`;

function temporary(path: string): string {
  return posix.join(posix.dirname(path), `.${posix.basename(path)}`);
}
