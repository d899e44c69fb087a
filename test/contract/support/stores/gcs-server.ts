import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../support/free-port.ts';
import { goProgram } from '../../../support/go-program.ts';
import { killed } from '../../../support/programs.ts';
import { answers } from '../../../support/s3-server.ts';

export interface GcsServer {
  readonly port: number;
  /** Where it keeps objects. */
  readonly folder: string;
  close(): Promise<void>;
}

/**
 * A server of Google Cloud Storage's language over a folder, with one bucket.
 * @param options.names as which it is called, where that is by HTTPS; absent: by its own address.
 */
export async function startGcsServer(bucket: string, { names }: { names?: string } = {}): Promise<GcsServer> {
  const program = await goProgram('github.com/fsouza/fake-gcs-server', 'v1.56.1');
  const folder = mkdtempSync(join(tmpdir(), 'haup-gcs-'));
  const port = await freePort();
  const own = `127.0.0.1:${port}`;
  const flags = ['-scheme', 'http', '-host', '127.0.0.1', '-port', `${port}`, '-filesystem-root', folder];
  const called = names === undefined ? [] : ['-external-url', `https://${names}`];
  const server = spawn(program, [...flags, '-public-host', names ?? own, ...called], { stdio: 'ignore' });
  await answers(own, server);
  const made = await fetch(`http://${own}/storage/v1/b`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: bucket }),
  });
  if (!made.ok) throw new Error(`the test server made no bucket: ${made.status}`);
  return {
    port,
    folder,
    async close() {
      await killed(server);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
