import type { Client, ClientChannel } from 'ssh2';
import type { ExecResult } from '../util/exec.ts';
import { SshError } from './errors.ts';
import { shellQuote } from './quote.ts';

export interface RemoteExecOptions {
  /** Standard input; the only way for a secret. */
  readonly input?: string | Buffer | undefined;
  /** Default 30,000. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What the command does, for messages, as it follows "could not": "install etcd". Default: the command's beginning. */
  readonly what?: string | undefined;
}

/** How long the remote side lets a command outlive the local time limit: the local one is to speak first. */
const GRACE_S = 1;

/**
 * Runs a POSIX shell command line on the far side and resolves with any exit code (128 + n after signal n, as shells
 * have it). The time limit also holds on the machine itself (coreutils' `timeout`), so that a command that was given
 * up does not go on for ever when the connection is lost.
 * @throws SshError `timeout`, `lost`; the signal's reason when aborted.
 */
export function execOn(
  client: Client,
  where: { readonly what: string; readonly host: string },
  command: string,
  options: RemoteExecOptions,
): Promise<ExecResult> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const doing = options.what ?? brief(command);
  const fail = (kind: 'lost' | 'timeout', words: string) =>
    new SshError(kind, where.host, `${where.what} (${where.host}): could not ${doing}: ${words}`);
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted) return reject(options.signal.reason);
    let channel: ClientChannel | undefined;
    let done = false;
    const end = (settle: () => void) => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
      client.removeListener('close', lost);
      settle();
    };
    const giveUp = (reason: unknown) =>
      end(() => {
        channel?.close();
        reject(reason);
      });
    const abort = () => giveUp(options.signal?.reason);
    const lost = () => end(() => reject(fail('lost', 'the connection was lost')));
    const timer = setTimeout(
      () => giveUp(fail('timeout', `it took longer than ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    options.signal?.addEventListener('abort', abort, { once: true });
    client.once('close', lost);
    const limit = (timeoutMs / 1000 + GRACE_S).toFixed(3);
    try {
      client.exec(`timeout -k 2 ${limit} sh -c ${shellQuote(command)}`, (error, stream) => {
        if (error) return end(() => reject(fail('lost', error.message)));
        if (done) return stream.close();
        channel = stream;
        collect(stream, options.input, (result) =>
          end(() => (result ? resolve(result) : reject(fail('lost', 'the connection was lost')))),
        );
      });
    } catch (error) {
      // The far side has said that it ends the connection, which is not closed yet.
      end(() => reject(fail('lost', error instanceof Error ? error.message : String(error))));
    }
  });
}

function collect(
  stream: ClientChannel,
  input: string | Buffer | undefined,
  closed: (result: ExecResult | undefined) => void,
): void {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  let code: number | undefined;
  stream.on('data', (chunk: Buffer) => out.push(chunk));
  stream.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  stream.on('exit', (exit: number | null, signal?: string) => {
    code = exit ?? 128 + (SIGNALS[signal?.replace(/^SIG/, '') ?? ''] ?? 0);
  });
  stream.on('error', () => {}); // the far side may end before it has read its input
  stream.on('close', () =>
    closed(
      code === undefined
        ? undefined
        : { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() },
    ),
  );
  stream.end(input ?? '');
}

/** SSH names signals without `SIG` (RFC 4254, 6.9). */
const SIGNALS: Record<string, number> = { HUP: 1, INT: 2, QUIT: 3, KILL: 9, PIPE: 13, TERM: 15 };

function brief(command: string): string {
  const line = command.trim().split('\n')[0]!;
  return `run "${line.length > 60 ? `${line.slice(0, 57)}...` : line}"`;
}
