import { posix } from 'node:path';
import { shellScript } from './script.ts';

const putFiles = shellScript('ssh/scripts/put-files.sh');

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
  const words = files.flatMap((file, i) => [
    ...[names[i]!, String(contents[i]!.length), `${file.owner ?? 'root'}:${file.group ?? ''}`],
    file.mode.toString(8),
  ]);
  const script = putFiles({}, words);
  return { script, input: Buffer.concat(contents) };
}
