import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PinnedHostKey, PinRecord } from '../../../src/ssh/hostkey.ts';
import { makeKeyPair, type SshKeyPair } from '../../../src/ssh/keys.ts';
import { waitFor } from '../../../src/util/wait.ts';
import { freePort } from '../../support/free-port.ts';

/** A real sshd on loopback, with keys and files of its own. Needs root and Debian's openssh-server. */
export interface TestSshd {
  readonly folder: string;
  readonly port: number;
  readonly hostKeyFile: string;
  readonly pidFile: string;
  readonly operator: SshKeyPair;
  /** Starts sshd with this host key; with none, with the key that is in the file. */
  start(hostKey?: SshKeyPair): Promise<void>;
  stop(): Promise<void>;
  /** What sshd has logged, at VERBOSE, since it was made. */
  log(): string;
  remove(): Promise<void>;
}

export async function makeSshd(settings = ''): Promise<TestSshd> {
  const folder = mkdtempSync(join(tmpdir(), 'haup-sshd-'));
  const port = await freePort();
  const operator = makeKeyPair('operator');
  const path = (name: string) => join(folder, name);
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 }); // sshd requires it
  writeFileSync(path('authorized_keys'), `${operator.publicKey}\n`, { mode: 0o600 });
  writeFileSync(path('log'), '');
  writeFileSync(
    path('config'),
    [
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${path('host_key')}`,
      `PidFile ${path('pid')}`,
      `AuthorizedKeysFile ${path('authorized_keys')}`,
      'PermitRootLogin prohibit-password',
      'StrictModes no',
      'UsePAM no',
      'LogLevel VERBOSE',
      settings,
      '',
    ].join('\n'),
  );
  let child: ChildProcess | undefined;
  let exited: Promise<void> = Promise.resolve();
  const sshd: TestSshd = {
    folder,
    port,
    hostKeyFile: path('host_key'),
    pidFile: path('pid'),
    operator,
    async start(hostKey) {
      if (hostKey) writeFileSync(path('host_key'), hostKey.privateKey, { mode: 0o600 });
      const before = sshd.log().split('Server listening').length; // counted first: it may listen before we look
      const started = spawn('/usr/sbin/sshd', ['-D', '-f', path('config'), '-E', path('log')], {
        stdio: 'ignore',
      });
      child = started;
      exited = new Promise((resolve, reject) => {
        started.once('error', () =>
          reject(new Error('no /usr/sbin/sshd here: apt-get install openssh-server')),
        );
        started.once('exit', () => resolve());
      });
      const listening = waitFor(
        async () => sshd.log().split('Server listening').length > before || undefined,
        { what: 'sshd to listen', timeoutMs: 30_000, intervalMs: 5 },
      );
      await Promise.race([
        listening,
        exited.then(() => Promise.reject(new Error(`sshd ended: ${sshd.log()}`))),
      ]);
    },
    async stop() {
      child?.kill('SIGTERM');
      await exited;
    },
    log: () => readFileSync(path('log'), 'utf8'),
    async remove() {
      await sshd.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return sshd;
}

/** A pin kept in memory, with everything that was ever saved. */
export function memoryPin(pin: PinnedHostKey): PinRecord & { now: PinnedHostKey; saved: PinnedHostKey[] } {
  const record = {
    now: pin,
    saved: [] as PinnedHostKey[],
    read: async () => record.now,
    save: async (next: PinnedHostKey) => {
      record.now = next;
      record.saved.push(next);
    },
  };
  return record;
}
