import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../../../src/util/wait.ts';
import { freePort } from '../../support/free-port.ts';
import { goProgram } from '../../support/go-program.ts';

/** Buckets for restic, on loopback: the same ones behind a server, behind one that takes no writes, and behind one of another region. */
export interface Buckets {
  /** `s3:http://127.0.0.1:…` */
  readonly address: string;
  readonly readOnly: string;
  readonly elsewhere: string;
  /** Of the user who may do everything: an AWS credentials file. */
  readonly credentials: string;
  close(): Promise<void>;
}

const [ID, SECRET] = ['test-masters', 'test-masters-secret'];

/** A credentials file of AWS'. */
export function awsCredentials(id: string, secret: string): string {
  return `[default]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`;
}

/** With the bucket `backups`. */
export async function startBuckets(): Promise<Buckets> {
  const program = await goProgram('github.com/versity/versitygw/cmd/versitygw', 'v1.8.0');
  const root = mkdtempSync(join(tmpdir(), 'haup-buckets-'));
  mkdirSync(join(root, 'backups'));
  const servers: ChildProcess[] = [];
  const start = async (...flags: string[]): Promise<string> => {
    const port = await freePort();
    const args = ['--quiet', '--port', `127.0.0.1:${port}`, ...flags, 'posix', root];
    const env = { ...process.env, ROOT_ACCESS_KEY: ID, ROOT_SECRET_KEY: SECRET };
    const server = spawn(program, args, { env, stdio: 'ignore' });
    servers.push(server);
    await waitFor(
      async () => {
        if (server.exitCode !== null) throw new Error(`the test server ended with ${server.exitCode}`);
        return (await fetch(`http://127.0.0.1:${port}/`).catch(() => null)) ? true : undefined;
      },
      { what: 'the test server to answer', timeoutMs: 60_000, intervalMs: 20 },
    );
    return `s3:http://127.0.0.1:${port}`;
  };
  return {
    address: await start(),
    readOnly: await start('--readonly'),
    elsewhere: await start('--region', 'eu-west-9'),
    credentials: awsCredentials(ID!, SECRET!),
    async close() {
      await Promise.all(servers.map(ended));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const gone = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGKILL');
  await gone;
}
