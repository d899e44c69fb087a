import type { Readable } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import type { ExecResult } from '../util/exec.ts';
import { messageOf } from '../util/failure.ts';
import { ANSWER_LIMIT, tooLong } from '../util/text/bounded.ts';
import { SshError, type SshErrorKind } from './errors.ts';
import { frame } from './frame.ts';

type Input = string | Buffer | (() => Readable);

export interface RemoteExecOptions {
  /** Standard input; the only way for a secret. What is long is read as it is sent. */
  readonly input?: Input | undefined;
  /** Default 30,000. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What the command does, for messages, as it follows "could not": "install etcd". Default: the command's beginning. */
  readonly what?: string | undefined;
  /** Of each output. Default {@link ANSWER_LIMIT}. */
  readonly maxBytes?: number | undefined;
}

/** How long the remote side lets a command outlive the local time limit: the local one is to speak first. */
const GRACE_S = 1;

/**
 * The one way to ask a machine: framed, bounded, timed. Runs a POSIX shell command line on the far side and resolves with any
 * exit code (128 + n after signal n, as shells have it), and with what the command itself printed ({@link frame}). The time
 * limit also holds on the machine (coreutils' `timeout`), so that a command that was given up does not go on for ever when
 * the connection is lost.
 * @throws SshError `timeout`, `lost`, `not-run`, `too-long`, `forbidden` (no further session); the signal's reason when aborted; what
 * reading its input throws.
 */
export function execOn(
  client: Client,
  where: { readonly what: string; readonly host: string },
  command: string,
  options: RemoteExecOptions,
): Promise<ExecResult> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const doing = options.what ?? brief(command);
  const maxBytes = options.maxBytes ?? ANSWER_LIMIT;
  const framed = frame(command, timeoutMs / 1000 + GRACE_S);
  const fail = (kind: SshErrorKind, words: string) =>
    new SshError(kind, where.host, `${where.what} (${where.host}): could not ${doing}: ${words}`);
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted) return reject(options.signal.reason);
    let channel: ClientChannel | undefined;
    let source: Readable | undefined;
    let done = false;
    const end = (settle: () => void) => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
      client.removeListener('close', lost);
      source?.destroy();
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
    try {
      client.exec(framed.line, (error, stream) => {
        if (error) return end(() => reject(noChannel(error, fail)));
        if (done) return stream.close();
        channel = stream;
        const overflow = () => giveUp(fail('too-long', tooLong(maxBytes)));
        source = send(stream, options.input, giveUp);
        collect(stream, maxBytes, overflow, (stdout, stderr, exited) =>
          end(() => {
            const answer = framed.read(stdout, stderr);
            if (answer.kind === 'complete') {
              const { code } = answer;
              resolve({ code, stdout: answer.stdout, stderr: answer.stderr });
            } else if (answer.kind === 'cut') reject(fail('lost', 'its answer was cut off'));
            else if (!exited) reject(fail('lost', 'the connection was lost'));
            else reject(fail('not-run', answer.words || 'it ran something else, which said nothing'));
          }),
        );
      });
    } catch (error) {
      // The far side has said that it ends the connection, which is not closed yet.
      end(() => reject(fail('lost', messageOf(error))));
    }
  });
}

/** RFC 4254, 5.1: `open failed` is all that sshd says when it has as many sessions as MaxSessions allows. */
function noChannel(error: Error, fail: (kind: SshErrorKind, words: string) => SshError): SshError {
  if (!('reason' in error)) return fail('lost', error.message);
  return fail('forbidden', 'its sshd opens no further session (MaxSessions in its sshd_config)');
}

/** Returns what is read while it is sent. */
function send(
  stream: ClientChannel,
  input: Input | undefined,
  giveUp: (reason: unknown) => void,
): Readable | undefined {
  stream.on('error', () => {}); // the far side may end before it has read its input
  if (typeof input !== 'function') {
    stream.end(input ?? '');
    return undefined;
  }
  const source = input();
  source.on('error', giveUp);
  source.pipe(stream);
  return source;
}

function collect(
  stream: ClientChannel,
  maxBytes: number,
  overflow: () => void,
  closed: (stdout: string, stderr: string, exited: boolean) => void,
): void {
  let exited = false;
  const keep = () => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const take = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes + FRAME_BYTES) overflow();
      else chunks.push(chunk);
    };
    return { take, text: () => Buffer.concat(chunks).toString() };
  };
  const [out, err] = [keep(), keep()];
  stream.on('data', out.take);
  stream.stderr.on('data', err.take);
  stream.on('exit', () => {
    exited = true;
  });
  stream.on('close', () => closed(out.text(), err.text(), exited));
}

/** For the frame's marks and some noise. */
const FRAME_BYTES = 16 * 1024;

function brief(command: string): string {
  const line = command.trim().split('\n')[0]!;
  return `run "${line.length > 60 ? `${line.slice(0, 57)}...` : line}"`;
}
