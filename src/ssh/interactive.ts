import type { Client, ClientChannel } from 'ssh2';
import { hasCode } from '../util/host/os-error.ts';
import { SshError } from './errors.ts';

/** What an interactive session reads from and writes to; `process` is one. */
export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Its kind, as TERM names it. Default: xterm. */
  readonly term?: string | undefined;
}

/**
 * A login shell, or a command, on this process's own terminal; a pseudo-terminal is asked for when standard input and
 * output are one. Resolves with the exit code (255 when the session ended without one, as `ssh` does). A command whose output nobody reads
 * any more is left, as `ssh` leaves it, and that is no error: 0. What cannot be written otherwise (a full disk) is dropped, and it goes on.
 */
export function interactiveOn(
  client: Client,
  host: string,
  command: string | undefined,
  terminal: Terminal = process,
): Promise<number> {
  const { stdin, stdout, stderr } = terminal;
  const tty = stdin.isTTY === true && stdout.isTTY === true;
  const pty = { rows: stdout.rows, cols: stdout.columns, term: terminal.term ?? 'xterm' };
  return new Promise((resolve, reject) => {
    const opened = (error: Error | undefined, stream: ClientChannel) => {
      if (error) return reject(new SshError('lost', host, `${host}: ${error.message}`, error));
      let code: number | undefined;
      const resize = () => stream.setWindow(stdout.rows, stdout.columns, 0, 0);
      if (tty) {
        stdin.setRawMode(true);
        stdout.on('resize', resize);
      }
      stdin.pipe(stream);
      stream.pipe(stdout, { end: false });
      stream.stderr.pipe(stderr, { end: false });
      // What is read no more fills the window, and then nothing ends: neither the command nor the session.
      const onStdoutError = (error: Error) => {
        stream.resume();
        if (!hasCode(error, 'EPIPE', 'EIO')) return;
        code ??= 0;
        stream.close();
      };
      const onStderrError = () => stream.stderr.resume();
      stdout.on('error', onStdoutError);
      stderr.on('error', onStderrError);
      stream.on('error', () => {}); // 'close' follows
      stream.on('exit', (exit: number | null) => {
        code ??= exit ?? 255;
      });
      stream.on('close', () => {
        stdin.unpipe(stream);
        stdin.pause();
        stdout.off('error', onStdoutError);
        stderr.off('error', onStderrError);
        if (tty) {
          stdin.setRawMode(false);
          stdout.off('resize', resize);
        }
        resolve(code ?? 255);
      });
    };
    if (command === undefined) client.shell(tty ? pty : false, opened);
    else client.exec(command, tty ? { pty } : {}, opened);
  });
}
