import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { systemClock } from '../util/clock.ts';
import type { ExecResult } from '../util/exec.ts';
import { SshError } from './errors.ts';
import { execOn, type RemoteExecOptions } from './exec.ts';
import { forwardOn } from './forward.ts';
import { interactiveOn, type Terminal } from './interactive.ts';
import { pushScript, type RemoteFile } from './push.ts';

/** sshd's MaxSessions is 10 unless it is told otherwise; two are left for a person's own use of the connection. */
const COMMANDS_AT_ONCE = 8;
/** How often, and how long after, the only command of a session is tried again where sshd has no session left for it. */
const TRIES_ALONE = 20;
const TRY_AGAIN_MS = 100;

/** One SSH connection to a machine whose host key has been checked. Commands share it. */
export class Session {
  /** The machine's name, for messages. */
  readonly what: string;
  readonly host: string;
  /** The host key that was shown, as a raw blob. */
  readonly hostKey: Buffer;
  readonly #client: Client;
  readonly #waiting: (() => void)[] = [];
  #atOnce = COMMANDS_AT_ONCE;
  #running = 0;
  #answered = false;
  #alive = true;
  #commands = 0;

  constructor(client: Client, where: { what: string; host: string; hostKey: Buffer }) {
    this.#client = client;
    this.what = where.what;
    this.host = where.host;
    this.hostKey = where.hostKey;
    client.once('close', () => {
      this.#alive = false;
    });
  }

  /** False once the connection has ended, by `close`, by the far side, or by 15 s of silence. */
  get alive(): boolean {
    return this.#alive;
  }

  /** How many commands it has run. */
  get commands(): number {
    return this.#commands;
  }

  /** True once a command has been answered in full: what came before the first answer was the log-in. */
  get answered(): boolean {
    return this.#answered;
  }

  /**
   * Runs a POSIX shell command line; resolves with any exit code. Where sshd allows fewer sessions at a time than we use, they
   * wait for each other.
   * @throws SshError as {@link execOn}
   */
  async exec(command: string, options: RemoteExecOptions = {}): Promise<ExecResult> {
    for (let alone = 0; ; ) {
      await this.#turn();
      try {
        if (!this.#alive) throw this.#lost(options.what ?? 'run a command');
        const result = await execOn(this.#client, this, command, options);
        this.#commands += 1;
        this.#answered = true;
        return result;
      } catch (error) {
        if (!(error instanceof SshError) || error.kind !== 'forbidden') throw error;
        if (this.#running > 1) this.#atOnce = this.#running - 1;
        // The session before may have ended for us and not yet for sshd.
        else if (++alone > TRIES_ALONE) throw error;
        else await systemClock.sleep(TRY_AGAIN_MS, options.signal);
      } finally {
        this.#running--;
        while (this.#running < this.#atOnce && this.#waiting.length > 0) {
          this.#running++;
          this.#waiting.shift()!();
        }
      }
    }
  }

  async #turn(): Promise<void> {
    if (this.#running < this.#atOnce) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Like {@link exec}, but throws SshError `exit` with the command's own words unless the code is 0. Returns stdout. */
  async run(command: string, options: RemoteExecOptions = {}): Promise<string> {
    const result = await this.exec(command, options);
    if (result.code === 0) return result.stdout;
    const words = (result.stderr.trim() || result.stdout.trim()).slice(-1000);
    const doing = options.what ?? 'run a command';
    throw new SshError(
      'exit',
      this.host,
      `${this.what} (${this.host}): could not ${doing} (exit code ${result.code})${words ? `: ${words}` : ''}`,
    );
  }

  /** Puts files in place, each atomically, in one command. Returns the paths that changed. */
  async pushFiles(
    files: readonly RemoteFile[],
    options: Omit<RemoteExecOptions, 'input'> = {},
  ): Promise<string[]> {
    if (files.length === 0) return [];
    const { script, input } = pushScript(files);
    const out = await this.run(script, { what: 'write files', ...options, input });
    return out.split('\n').filter((line) => line !== '');
  }

  /** A connection from the machine to `host:port` as the machine sees them. @throws SshError `lost`, `forbidden` */
  forward(host: string, port: number): Promise<Duplex> {
    if (!this.#alive) return Promise.reject(this.#lost(`reach ${host}:${port}`));
    return forwardOn(this.#client, this, host, port);
  }

  /** A login shell, or a command, on this process's terminal. Resolves with its exit code. */
  interactive(command?: string, terminal?: Terminal): Promise<number> {
    return interactiveOn(this.#client, this.host, command, terminal);
  }

  /** Ends the connection; commands that still run fail with `lost`. */
  close(): void {
    this.#alive = false;
    this.#client.end();
    this.#client.destroy();
  }

  #lost(doing: string): SshError {
    return new SshError(
      'lost',
      this.host,
      `${this.what} (${this.host}): could not ${doing}: the connection was lost`,
    );
  }
}
