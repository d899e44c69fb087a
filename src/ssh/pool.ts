import { TimeoutError } from '../util/wait.ts';
import { type ConnectOptions, connect, type SshTarget } from './connect.ts';
import { SshError } from './errors.ts';
import { ensureOwnHostKey, type RotateOptions } from './rotate.ts';
import type { Session } from './session.ts';

export interface PoolOptions {
  /** How a machine replaces its one-time host key in its first session. */
  readonly rotate?: Pick<RotateOptions, 'hostKeyFile' | 'reload'> | undefined;
  /** True for who only looks, and holds no lock: a machine keeps its one-time host key, and no pin is saved. */
  readonly looking?: boolean | undefined;
}

interface Entry {
  readonly host: string;
  readonly opening: Promise<Session>;
}

/** The sessions of one run: at most one live session per machine, opened when it is first needed. */
export class SessionPool {
  readonly #entries = new Map<string, Entry>();
  readonly #options: PoolOptions;
  /** Every session there was, those that have ended too: for {@link commands}. */
  readonly #all: Session[] = [];
  #closed = false;

  constructor(options: PoolOptions = {}) {
    this.#options = options;
  }

  /** How many commands all of its sessions have run so far. */
  get commands(): number {
    return this.#all.reduce((sum, session) => sum + session.commands, 0);
  }

  /**
   * The live session of the machine `target.what`; a new one when there is none, when it has broken, or when the machine
   * is now reached elsewhere. In a machine's first session its one-time host key is replaced, unless this pool only looks.
   * @throws as {@link connect} and {@link ensureOwnHostKey}
   */
  async session(target: SshTarget, options: ConnectOptions): Promise<Session> {
    if (this.#closed) throw new Error('the session pool is closed');
    const known = this.#entries.get(target.what);
    if (known && known.host === target.host) {
      const started = Date.now();
      const session = await joined(known.opening, target, options);
      if (session?.alive) return session;
      if (this.#entries.get(target.what) !== known) {
        return this.session(target, { ...options, timeoutMs: options.timeoutMs - (Date.now() - started) });
      }
    } else if (known) {
      this.drop(target.what);
    }
    const entry: Entry = { host: target.host, opening: this.#open(target, options) };
    this.#entries.set(target.what, entry);
    try {
      return await entry.opening;
    } catch (error) {
      if (this.#entries.get(target.what) === entry) this.#entries.delete(target.what);
      throw error;
    }
  }

  /** Ends a machine's session: before it is deleted, or before the address it is reached by moves. */
  drop(what: string): void {
    const entry = this.#entries.get(what);
    this.#entries.delete(what);
    entry?.opening.then(
      (session) => session.close(),
      () => {}, // its own caller hears of it
    );
  }

  close(): void {
    this.#closed = true;
    for (const what of [...this.#entries.keys()]) this.drop(what);
  }

  async #open(target: SshTarget, options: ConnectOptions): Promise<Session> {
    if (this.#options.looking) {
      const pin = { read: () => target.pin.read(), save: async () => {} };
      const session = await connect({ ...target, pin }, options);
      this.#all.push(session);
      return session;
    }
    const session = await connect(target, options);
    this.#all.push(session);
    try {
      const own = await ensureOwnHostKey(session, target, {
        ...this.#options.rotate,
        signal: options.signal,
      });
      if (own !== session) this.#all.push(own);
      return own;
    } catch (error) {
      session.close();
      throw error;
    }
  }
}

/**
 * A session that another caller is opening, under this caller's own time limit and signal. Undefined when the other's
 * limit was the shorter one.
 */
function joined(
  opening: Promise<Session>,
  target: SshTarget,
  { timeoutMs, signal }: ConnectOptions,
): Promise<Session | undefined> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal?.reason);
    const limit = () => {
      const message = new TimeoutError(`SSH on ${target.what} (${target.host})`, timeoutMs, undefined)
        .message;
      reject(new SshError('unreachable', target.host, message));
    };
    const timer = setTimeout(limit, timeoutMs);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    opening
      .then(resolve, (error) => {
        if (error instanceof SshError && error.kind === 'unreachable') resolve(undefined);
        else reject(error);
      })
      .finally(() => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      });
  });
}
