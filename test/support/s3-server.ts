import { type ChildProcess, spawn } from 'node:child_process';
import { waitFor } from '../../src/util/wait.ts';
import { goProgram } from './go-program.ts';

/** A user's. */
export interface S3Keys {
  readonly id: string;
  readonly secret: string;
}

/** A credentials file of AWS'. */
export function awsCredentials({ id, secret }: S3Keys): string {
  return `[default]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`;
}

/**
 * A server of S3's language, of which each folder in `root` is a bucket, and who has these keys may do everything. Resolves when it answers.
 * @param at `127.0.0.1:7070`
 * @param options.within a command that runs it: `ip netns exec NAME`.
 */
export async function startS3Server(
  root: string,
  { id, secret }: S3Keys,
  at: string,
  { flags = [], within = [] }: { flags?: readonly string[]; within?: readonly string[] } = {},
): Promise<ChildProcess> {
  const program = await goProgram('github.com/versity/versitygw/cmd/versitygw', 'v1.8.0');
  const [command = '', ...args] = [...within, program, '--quiet', '--port', at, ...flags, 'posix', root];
  const env = { ...process.env, ROOT_ACCESS_KEY: id, ROOT_SECRET_KEY: secret };
  const server = spawn(command, args, { env, stdio: 'ignore' });
  await answers(at, server);
  return server;
}

/** Resolves when the server answers, whatever that is. */
export async function answers(at: string, server: ChildProcess): Promise<void> {
  await waitFor(
    async () => {
      if (server.exitCode !== null) throw new Error(`the test server ended with ${server.exitCode}`);
      return (await fetch(`http://${at}/`).catch(() => null)) ? true : undefined;
    },
    { what: 'the test server to answer', timeoutMs: 60_000, intervalMs: 20 },
  );
}
