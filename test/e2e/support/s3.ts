import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fabricNamespace } from '../../../src/providers/local/names.ts';
import { waitFor } from '../../../src/util/wait.ts';
import { goProgram } from '../../support/go-program.ts';
import { clusterKey } from './inside.ts';

/** Storage as a cloud has it: machines and operator reach it under one address. */
export interface CloudStorage {
  readonly address: string;
  /** Of who may read and write: an AWS credentials file. */
  readonly credentials: string;
  /** Where its buckets are folders. */
  readonly root: string;
  close(): Promise<void>;
}

const PORT = 7070;

/** A server of S3's language in the cluster's own network, at the gateway's address, with the bucket `backups`. */
export async function startStorage(cluster: string, apiAddress: string): Promise<CloudStorage> {
  const program = await goProgram('github.com/versity/versitygw/cmd/versitygw', 'v1.8.0');
  const folder = mkdtempSync(join(tmpdir(), 'haup-cloud-s3-'));
  const root = join(folder, 'buckets');
  mkdirSync(join(root, 'backups'), { recursive: true });
  const [id, secret] = ['test-masters', 'test-masters-secret'];
  const credentials = join(folder, 'credentials');
  const lines = ['[default]', `aws_access_key_id = ${id}`, `aws_secret_access_key = ${secret}`];
  writeFileSync(credentials, `${lines.join('\n')}\n`, { mode: 0o600 });
  // The fabric's end of the host's link: the one address that is everybody's.
  const host = apiAddress.replace(/\d+$/, '2');
  const server = spawn(
    'ip',
    [
      ...['netns', 'exec', fabricNamespace(clusterKey(cluster)), program],
      ...['--quiet', '--port', `${host}:${PORT}`, 'posix', root],
    ],
    { env: { ...process.env, ROOT_ACCESS_KEY: id, ROOT_SECRET_KEY: secret }, stdio: 'ignore' },
  );
  await waitFor(
    async () => {
      if (server.exitCode !== null) throw new Error(`the storage ended with ${server.exitCode}`);
      return (await fetch(`http://${host}:${PORT}/`).catch(() => null)) ? true : undefined;
    },
    { what: 'the storage to answer', timeoutMs: 60_000, intervalMs: 50 },
  );
  return {
    address: `s3:http://${host}:${PORT}`,
    credentials,
    root,
    async close() {
      await ended(server);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const gone = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGKILL');
  await gone;
}
