import { createConnection, type Socket } from 'node:net';
import { Client } from 'ssh2';
import { systemClock } from '../util/clock.ts';
import { messageOf } from '../util/failure.ts';
import { GiveUp, TimeoutError } from '../util/wait.ts';
import { HostKeyError, type Reached, SshError } from './errors.ts';
import { judgeHostKey, type PinRecord, pinAfter, pinnedFingerprints } from './hostkey.ts';
import { fingerprint } from './keys.ts';
import { Session } from './session.ts';

/** A machine, and what is needed to log in there. */
export interface SshTarget {
  /** As messages name it: the replica's name. */
  readonly what: string;
  readonly host: string;
  /** Default 22. */
  readonly port?: number | undefined;
  /** Default root. */
  readonly user?: string | undefined;
  /** The operator's key, OpenSSH PEM. */
  readonly privateKey: string;
  readonly pin: PinRecord;
}

export interface ConnectOptions {
  readonly timeoutMs: number;
  /** For a machine that has begun to answer, if longer: its log-in may take what it takes. Default `timeoutMs`. */
  readonly patientMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Pauses before the next attempt, ms. A machine that refuses connections mostly boots: its sshd is a moment away. OpenSSH 9.8 and later
 * lock out an address that keeps leaving before it has authenticated (a penalty of 1 s each) or fails to (5 s each): an attempt that
 * got so far is repeated no faster than its penalty runs off.
 */
const PAUSE_MS = { 'no-sshd': 25, 'no-answer': 100, 'other-key': 1_000, 'not-allowed': 5_000 } as const;
const KEEPALIVE_MS = 5_000;
const HANDSHAKE_MS = 15_000;
/** sshd's own limit is twice as long (LoginGraceTime). */
const LOGIN_MS = 60_000;

class Attempt extends Error {
  readonly pause: keyof typeof PAUSE_MS;
  readonly reached: Reached | undefined;
  constructor(pause: keyof typeof PAUSE_MS, message: string, reached?: Reached) {
    super(message);
    this.pause = pause;
    this.reached = reached;
  }
}

/**
 * Tries until sshd answers with the pinned host key and lets the operator in, and returns the session. The pin's `seen`
 * is saved before it returns. No authentication is attempted with a machine that shows another key.
 * @throws HostKeyError at once when another key is shown after the pinned one has been seen.
 * @throws SshError `unreachable` after `timeoutMs`, with what the last attempt met (both fingerprints, for a wrong key).
 * @throws the signal's reason when aborted.
 */
export async function connect(target: SshTarget, options: ConnectOptions): Promise<Session> {
  const deadline = Date.now() + options.timeoutMs;
  let patience = 400;
  let last: unknown;
  for (;;) {
    options.signal?.throwIfAborted();
    const left = deadline - Date.now();
    if (left <= 0) throw unreachable(target, options.timeoutMs, last);
    let kind: keyof typeof PAUSE_MS;
    const patientMs = Math.max(left, left + (options.patientMs ?? 0) - options.timeoutMs);
    const limits = {
      connectMs: Math.min(patience, left),
      greetingMs: Math.min(HANDSHAKE_MS, left),
      loginMs: Math.min(LOGIN_MS, patientMs),
    };
    try {
      return await attempt(target, limits, options.signal);
    } catch (error) {
      if (error instanceof GiveUp) throw error.cause;
      if (!(error instanceof Attempt)) throw error;
      last = error;
      kind = error.pause;
    }
    if (kind !== 'no-sshd') patience = Math.min(patience * 1.5, 5_000);
    const pause = Math.min(PAUSE_MS[kind], Math.max(0, deadline - Date.now()));
    await systemClock.sleep(pause, options.signal);
  }
}

function unreachable(target: SshTarget, timeoutMs: number, last: unknown): SshError {
  const message = new TimeoutError(`SSH on ${target.what} (${target.host})`, timeoutMs, last).message;
  const reached = last instanceof Attempt ? last.reached : undefined;
  return new SshError('unreachable', target.host, message, last, reached);
}

interface Limits {
  /** Until TCP answers. */
  readonly connectMs: number;
  /** Then until sshd says its first byte: a frozen machine's kernel still accepts connections. */
  readonly greetingMs: number;
  /** Then until we are let in. */
  readonly loginMs: number;
}

async function attempt(target: SshTarget, limits: Limits, signal: AbortSignal | undefined): Promise<Session> {
  const pin = await target.pin.read();
  const sock = await openSocket(target.host, target.port ?? 22, limits.connectMs, signal);
  const client = new Client();
  let shown: Buffer | undefined;
  let authentic = false;
  let abort = () => {};
  let greeted = false;
  let timer: NodeJS.Timeout | undefined;
  const ready = new Promise<void>((resolve, reject) => {
    const within = (ms: number, met: Reached, words: string) => {
      clearTimeout(timer);
      const late = () => reject(new Attempt('no-answer', `${words} within ${Math.round(ms / 1000)} s`, met));
      timer = setTimeout(late, ms);
    };
    within(limits.greetingMs, 'no-greeting', 'it accepts connections, but its sshd says nothing');
    sock.once('data', () => {
      greeted = true;
      within(limits.loginMs, 'slow', 'its sshd answers, but does not finish the log-in');
    });
    abort = () => reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    client.on('ready', resolve);
    client.on('handshake', () => {
      authentic = true; // emitted once the exchange was signed with the key shown
    });
    client.on('error', reject);
    client.on('close', () => reject(new Error('the connection was closed')));
  });
  client.on('error', () => {}); // later ones: the session's own handlers say what was lost
  client.connect({
    sock,
    username: target.user ?? 'root',
    privateKey: target.privateKey,
    authHandler: ['publickey'],
    algorithms: { serverHostKey: ['ssh-ed25519'] },
    hostVerifier: (key: Buffer) => {
      shown ??= key;
      return shown.equals(key) && judgeHostKey(pin, key) === 'accept';
    },
    readyTimeout: 0, // our own limits
    keepaliveInterval: KEEPALIVE_MS,
    keepaliveCountMax: 3,
  });
  try {
    await ready;
  } catch (error) {
    client.destroy();
    if (signal?.aborted) throw signal.reason;
    if (shown && judgeHostKey(pin, shown) !== 'accept')
      throw wrongKey(target, pin.seen, shown, pinnedFingerprints(pin));
    if (shown && authentic) await savePin(target.pin, shown);
    const words = messageOf(error);
    if (/authentication methods failed/i.test(words)) {
      throw new Attempt('not-allowed', "sshd refuses the operator's key", 'no-entry');
    }
    if (error instanceof Attempt) throw error;
    throw new Attempt('no-answer', words, greeted ? undefined : 'no-greeting');
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
  try {
    await savePin(target.pin, shown!);
  } catch (error) {
    client.destroy();
    throw new GiveUp(error);
  }
  return new Session(client, { what: target.what, host: target.host, hostKey: shown! });
}

function wrongKey(target: SshTarget, seen: boolean, shown: Buffer, pinned: string): Error {
  if (seen) return new GiveUp(new HostKeyError(target.what, target.host, fingerprint(shown), pinned));
  return new Attempt('other-key', `it shows the host key ${fingerprint(shown)}, not ${pinned}`);
}

async function savePin(record: PinRecord, shown: Buffer): Promise<void> {
  const before = await record.read();
  const after = pinAfter(before, shown);
  if (after !== before) await record.save(after);
}

/** A TCP connection of our own, because an attempt's limit must be shorter than the handshake's. */
function openSocket(host: string, port: number, timeoutMs: number, signal?: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port, noDelay: true });
    const fail = (error: unknown) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      socket.destroy();
      reject(error);
    };
    const abort = () => fail(signal?.reason);
    const silent = (words: string) => new Attempt('no-answer', words, 'nothing');
    const timer = setTimeout(() => fail(silent('no answer')), timeoutMs);
    signal?.addEventListener('abort', abort, { once: true });
    socket.on('error', (error) => {
      const refused = 'code' in error && error.code === 'ECONNREFUSED';
      fail(refused ? new Attempt('no-sshd', error.message, 'no-sshd') : silent(error.message));
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      resolve(socket);
    });
  });
}
